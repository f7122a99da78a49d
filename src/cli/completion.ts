import type { Command } from "commander";

/** A command's words before it, each with a space before: " dead-letters list". */
type Path = string;

/**
 * A script for bash (and zsh, by its bashcompinit) that completes commands and options. All that there is to complete
 * stands in it: starting Node at each press of the key would be slower than typing.
 */
export function completionScript(program: Command): string {
  const offers = offersOf(program);
  const paths = [...offers.keys()].filter((path) => path !== "");
  return `_gigpay() {
  local path="" word offers=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$path $word" in
      ${paths.map((path) => `"${path}"`).join("|")}) path="$path $word" ;;
    esac
  done
  case "$path" in
${[...offers].map(([path, words]) => `    "${path}") offers="${words.join(" ")}" ;;`).join("\n")}
  esac
  COMPREPLY=($(compgen -W "$offers" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _gigpay gigpay
`;
}

/** What may come after each command: those under it, and its options and everybody's. */
function offersOf(program: Command): ReadonlyMap<Path, readonly string[]> {
  const everybodys = longOptions(program);
  const offers = new Map<Path, readonly string[]>();
  const add = (command: Command, path: Path) => {
    const under = command.commands.map((one) => one.name());
    offers.set(path, [...new Set([...under, ...longOptions(command), ...everybodys, "--help"])]);
    for (const one of command.commands) add(one, `${path} ${one.name()}`);
  };
  add(program, "");
  return offers;
}

function longOptions(command: Command): readonly string[] {
  return command.options.flatMap(({ long }) => (typeof long === "string" ? [long] : []));
}
