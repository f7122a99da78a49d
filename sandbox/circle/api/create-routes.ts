import { isAddress, zeroAddress } from "viem";
import { createTransaction, type CreateDeps } from "../transactions/create-transaction.ts";
import { encodeExecution, encodeTransfer } from "../transactions/encode-call.ts";
import type { RequestView, TransactionRecord } from "../transactions/transaction.ts";
import { accelerate, cancel } from "../transactions/operations.ts";
import type { TokenRegistry } from "../wallets/token-registry.ts";
import type { WalletStore } from "../wallets/wallet-store.ts";
import { z } from "zod";
import { circleError } from "./circle-error.ts";
import { tokenOf, walletOf } from "./named-things.ts";
import { idOf, signed } from "./parse.ts";
import type { ApiRequest, Route } from "./route.ts";
import { answerSigned, subjectOf, type SignedDeps } from "./signed-request.ts";
import {
  executionBody,
  feeOf,
  transferBody,
  type ExecutionBody,
  type TransferBody,
} from "./transaction-schemas.ts";

export interface CreateRouteDeps extends CreateDeps, SignedDeps {
  readonly wallets: WalletStore;
  readonly tokens: TokenRegistry;
}

/** The endpoints that make, hasten and stop transactions. */
export function createRoutes(deps: CreateRouteDeps): Route[] {
  return [
    {
      method: "POST",
      template: "/v1/w3s/developer/transactions/transfer",
      handle: (request) => postTransfer(deps, request),
    },
    {
      method: "POST",
      template: "/v1/w3s/developer/transactions/contractExecution",
      handle: (request) => postExecution(deps, request),
    },
    {
      method: "POST",
      template: "/v1/w3s/developer/transactions/:id/accelerate",
      handle: (request) =>
        postOperation(deps, request, (record) => {
          accelerate(deps, record);
          return { id: record.id };
        }),
    },
    {
      method: "POST",
      template: "/v1/w3s/developer/transactions/:id/cancel",
      handle: (request) =>
        postOperation(deps, request, (record) => {
          cancel(deps, record);
          return { id: record.id, state: record.progress.state };
        }),
    },
  ];
}

function postTransfer(deps: CreateRouteDeps, request: ApiRequest) {
  return answerSigned(deps, request, {
    schema: transferBody,
    resolve: (body) => tokenOf(deps.tokens, body),
    act: (token, body: TransferBody) => {
      const wallet = walletOf(deps.wallets, body);
      const { destinationAddress, amounts, refId = "", feeLevel } = body;
      const to = destinationOf(destinationAddress);
      const [amount = "", ...more] = amounts;
      if (more.length > 0) throw circleError(155221);
      const view: RequestView = {
        operation: "TRANSFER",
        refId,
        destinationAddress: to.toLowerCase(),
        amounts,
        tokenId: token.id,
        ...(feeLevel === undefined ? {} : { feeLevel }),
      };
      const order = {
        wallet,
        request: view,
        fee: feeOf(body),
        ...encodeTransfer(token, to, amount),
      };
      return accepted(
        createTransaction(deps, order, { ...subjectOf(request), walletId: wallet.id }),
      );
    },
  });
}

function postExecution(deps: CreateRouteDeps, request: ApiRequest) {
  return answerSigned(deps, request, {
    schema: executionBody,
    resolve: () => undefined,
    act: (_, body: ExecutionBody) => {
      const wallet = walletOf(deps.wallets, body);
      const { contractAddress, abiFunctionSignature, abiParameters, amount, feeLevel } = body;
      const view: RequestView = {
        operation: "CONTRACT_EXECUTION",
        refId: body.refId ?? "",
        contractAddress: contractAddress.toLowerCase(),
        ...(amount === undefined ? {} : { amounts: [amount] }),
        ...(abiFunctionSignature === undefined ? {} : { abiFunctionSignature }),
        ...(abiParameters === undefined ? {} : { abiParameters }),
        ...(feeLevel === undefined ? {} : { feeLevel }),
      };
      const call = encodeExecution(body);
      const order = { wallet, request: view, call, transfer: undefined, fee: feeOf(body) };
      return accepted(
        createTransaction(deps, order, { ...subjectOf(request), walletId: wallet.id }),
      );
    },
  });
}

function postOperation(
  deps: CreateRouteDeps,
  request: ApiRequest,
  act: (record: TransactionRecord) => unknown,
) {
  const id = idOf(request.params);
  return answerSigned(deps, request, {
    schema: z.object(signed),
    resolve: () => undefined,
    act: () => act(deps.store.get(id)),
  });
}

function accepted(record: TransactionRecord) {
  return { id: record.id, state: record.progress.state };
}

/** Any address but zero, which Arc's tokens refuse. Circle does not take mixed-case typos. */
function destinationOf(text: string): `0x${string}` {
  if (!isAddress(text) || text === zeroAddress) throw circleError(155219);
  return text;
}
