/** The answer, or undefined where there was none in time; the question may still end later, unheard. */
export async function answerWithin<T>(
  answer: Promise<T>,
  timeoutMs: number,
): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const unanswered = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, undefined);
  });
  return Promise.race([answer.catch(() => undefined), unanswered]).finally(() =>
    clearTimeout(timer),
  );
}
