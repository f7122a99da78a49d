import type { RequestListener } from "node:http";

/** Answers while the parts behind the API are not there yet: alive, not ready, and nothing was accepted. */
export const answerStarting: RequestListener = (request, response) => {
  if (request.url === "/livez") {
    response.writeHead(200, { "content-type": "application/json" }).end('{"status":"ok"}');
    return;
  }
  const body = JSON.stringify({
    type: "about:blank",
    title: "Too much at once",
    status: 503,
    detail: "The service is starting: it waits for its database, Kafka, the chain or Circle.",
    code: "overloaded",
    retryable: true,
    requestId: "",
    errors: [],
  });
  response
    .writeHead(503, { "content-type": "application/problem+json", "retry-after": "1" })
    .end(body);
};
