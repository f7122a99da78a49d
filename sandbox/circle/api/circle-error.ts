/** One broken parameter, as Circle lists it beside code 2. */
export interface ParameterError {
  readonly error: string;
  readonly message: string;
  readonly location: "body" | "query" | "path";
  readonly field: string;
  readonly invalidValue?: unknown;
}

/**
 * Circle's own messages, as its SDK carries them. Which HTTP status goes with which code is not published: the ones
 * here are assumptions, so a client must go by the code.
 */
const KNOWN: Readonly<Record<number, readonly [status: number, message: string]>> = {
  3: [403, "Forbidden"],
  401: [401, "Malformed authorization. Are the credentials properly encoded?"],
  155201: [400, "Not enough funds to fulfill the withdraw request."],
  155202: [409, "Transaction nonce is inconsistent with sender's latest nonce."],
  155204: [
    400,
    "The total cost of executing transaction is higher than the balance of the user's account when estimating fee.",
  ],
  155208: [400, "Estimate fee execution reverted."],
  155209: [400, "ABI function signature can't pack ABI parameter."],
  155210: [400, "Fails to perform transaction estimation."],
  155211: [400, "MaxFee * GasLimit exceeded the maximum permitted transaction gas fee."],
  155219: [400, "Invalid destination address."],
  155220: [400, "Wallet and token's blockchain mismatch."],
  155221: [400, "Invalid amounts in transfer request."],
  155224: [400, "Failed to parse the provided amounts in request to decimals."],
  155225: [400, "Wallet and request's blockchain mismatch."],
  155229: [409, "Transaction is not eligible for operation."],
  155230: [400, "No abi signature provided."],
  155231: [400, "Transaction needs feeLevel or gasLimit provided."],
  155235: [400, "EIP1559 chains need maxFee/priorityFee provided."],
  155236: [400, "The provided fee in request is invalid."],
  155237: [400, "PriorityFee cannot be larger than maxFee in creating transaction request."],
  155239: [400, "Invalid token address for transfer."],
  155241: [400, "Invalid token decimal for transfer."],
  155244: [400, "Cannot provide both WalletID and SourceAddress/Blockchain."],
  155245: [400, "Invalid amount in contract execution request."],
  155247: [400, "Cannot provide both CallData and AbiFunctionSignature/AbiParameters."],
  155258: [400, "The asset amount owned by the wallet is insufficient for the transaction."],
  155264: [
    409,
    "Wait for pending transactions to be included on the blockchain before submitting new requests. EVM chains restrict the number of queued transactions per sender address.",
  ],
  155501: [403, "Frozen wallets can not be updated or interact with, only query."],
  155503: [400, "The amount of metadata must match the count."],
  155801: [400, "Transaction or rawTransaction is invalid."],
  155807: [400, "The chain ID is not supported for signing."],
  156001: [
    404,
    "Cannot find target wallet in the system. Either the specified wallet doesn't exist or it's not accessible to the caller.",
  ],
  156002: [
    404,
    "Cannot find target token in the system. Either the specified token doesn't exist or it's not accessible to the caller.",
  ],
  156003: [
    404,
    "Cannot find target transaction in the system. Either the specified transaction doesn't exist or it's not accessible to the caller.",
  ],
  156004: [
    409,
    "Reusing an entity secret ciphertext is not allowed. Please re-encrypt the entity secret to generate new ciphertext.",
  ],
  156005: [
    404,
    "Cannot find target wallet set in the system. Either no such wallet set, or it's not accessible to the caller.",
  ],
  156006: [
    400,
    "TEST_API key cannot be used with blockchain mainnets, or LIVE_API key cannot be used with blockchain testnets.",
  ],
  156009: [400, "Fail to parse id as UUID in url."],
  156012: [400, "Cannot find corresponding pagination cursor in the system."],
  156013: [400, "The provided entity secret is invalid."],
  156014: [
    400,
    "Pagination params are invalid. Only UUID format is supported for pageBefore and pageAfter.",
  ],
  156015: [409, "The secret for this entity has already been set."],
  156020: [409, "Please use a new idempotency key."],
  156027: [400, "The specified blockchain is either not supported or deprecated."],
};

/** An answer of Circle's that is not a success; the HTTP layer writes it as `{code, message[, errors]}`. */
export class CircleError extends Error {
  readonly status: number;
  readonly code: number;
  readonly errors: readonly ParameterError[];

  constructor(status: number, code: number, message: string, errors: ParameterError[] = []) {
    super(message);
    this.name = "CircleError";
    this.status = status;
    this.code = code;
    this.errors = errors;
  }
}

/** The error behind one of Circle's codes; a code outside the table is answered as 400 with Circle's catch-all text. */
export function circleError(code: number): CircleError {
  const [status, message] = KNOWN[code] ?? [400, "Something went wrong."];
  return new CircleError(status, code, message);
}

/** Code 2, Circle's answer to a malformed request. */
export function invalidParameters(errors: ParameterError[]): CircleError {
  return new CircleError(400, 2, "API parameter invalid", errors);
}
