/**
 * What gives away that this database has forgotten something: a restored backup, or a failover to a replica that lagged.
 * Plain JSON values: they are stored, and shown to whoever has to decide.
 */
export type RestoreSign =
  /** The server's own: its log position went back, or it is another server, timeline, database or schema than before. */
  | {
      readonly kind: "server";
      readonly changed: string;
      readonly from: string;
      readonly to: string;
    }
  /** Kafka holds a higher offset as read than this database. */
  | {
      readonly kind: "offsets";
      readonly topic: string;
      readonly partition: number;
      readonly stored: string | null;
      readonly known: string;
    }
  /** Our own topic has a terminal event that this database never decided. */
  | {
      readonly kind: "outcomes";
      readonly topic: string;
      readonly partition: number;
      readonly offset: string;
      readonly eventId: string;
    }
  /** The chain has used more nonces of an operator's than this database gave out. */
  | {
      readonly kind: "nonces";
      readonly operator: string;
      readonly stored: string;
      readonly chain: string;
    }
  /** Our instance paid something that this database does not know. */
  | { readonly kind: "paid_unknown"; readonly count: number; readonly logs: unknown }
  | { readonly kind: "declared"; readonly actor: string; readonly reason: string };

/** A sign that is seen again replaces itself; one of another subject stands beside it. */
export function signKey(sign: RestoreSign): string {
  switch (sign.kind) {
    case "server":
      return `server ${sign.changed}`;
    case "offsets":
    case "outcomes":
      return `${sign.kind} ${sign.topic}/${sign.partition}`;
    case "nonces":
      return nonceKey(sign.operator);
    case "paid_unknown":
    case "declared":
      return sign.kind;
  }
}

export function nonceKey(operator: string): string {
  return `nonces ${operator}`;
}
