// Pays for a task, and shows what its worker was paid so far:
//   GIGPAY_URL=http://localhost:8080 GIGPAY_API_KEY=gsp_… node src/client/example.ts acme task-1 amy 50.00
import { createClient } from "./create-client.ts";
import { ApiProblem, NoAnswer } from "./problem.ts";

const { GIGPAY_URL: url = "http://localhost:8080", GIGPAY_API_KEY: apiKey = "" } = process.env;
const [platformId = "acme", taskId = "task-1", workerId = "amy", amount = "50.00"] =
  process.argv.slice(2);
const client = createClient({ url, apiKey });

try {
  const task = { platformId, taskId, workerId, amount, currency: "USDC" };
  const { body: payment } = await client.call("createPayment", {
    header: { Prefer: "wait=10" },
    body: task,
  });
  switch (payment.state) {
    case "completed":
      console.log(`${payment.netAmount} ${payment.currency} paid in ${payment.latencyMs} ms`);
      break;
    case "failed":
      console.log(`not paid, and it will not be: ${payment.failure?.message}`);
      break;
    default:
      // Not a failure: it may still be paid. Ask again, and pay by no other means.
      console.log(`on its way (${payment.state})`);
  }
  for await (const { id, state } of client.each("listWorkerPayments", { path: { id: workerId } })) {
    console.log(`${id}  ${state}`);
  }
} catch (error) {
  if (!(error instanceof ApiProblem || error instanceof NoAnswer)) throw error;
  const advice = error.isInDoubt
    ? "Run it again: what was done is not done twice."
    : "Nothing was done.";
  console.error(`${error.message} ${advice}`);
  process.exitCode = 1;
}
