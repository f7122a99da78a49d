import { emitKeypressEvents } from "node:readline";

/** Single keys of a person at a terminal; nothing without one. Disposing of it lets the terminal go. */
export function listenForKeys(onPress: (key: string) => void): Disposable {
  const { stdin } = process;
  if (!stdin.isTTY) return { [Symbol.dispose]: () => undefined };
  emitKeypressEvents(stdin);
  stdin.setRawMode(true);
  const onKey = (_text: string | undefined, key: { name?: string; ctrl?: boolean }) => {
    if (key.ctrl && key.name === "c") process.kill(process.pid, "SIGINT");
    else if (key.name !== undefined) onPress(key.name);
  };
  stdin.on("keypress", onKey);
  stdin.resume();
  return {
    [Symbol.dispose]: () => {
      stdin.off("keypress", onKey);
      stdin.setRawMode(false);
      stdin.pause();
    },
  };
}
