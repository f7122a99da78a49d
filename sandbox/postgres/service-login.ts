import { execute } from "./postgres-at.ts";

/** The service's login: it may do what `gigpay migrate` grants to the serving role, and nothing more. */
const LOGIN = "gigpay";
const GROUP = "gigpay_serving";

/**
 * Makes the service's login and answers the database's URL with it. As those do who manage roles themselves: its group is
 * there before the first migration, which then grants it its rights.
 */
export async function serviceLogin(databaseUrl: string): Promise<string> {
  // Roles belong to the whole server, and another database's world may be made in the same moment.
  await execute(
    databaseUrl,
    `DO $$ BEGIN
       PERFORM pg_advisory_xact_lock(7316202);
       IF to_regrole('${GROUP}') IS NULL THEN CREATE ROLE ${GROUP} NOLOGIN; END IF;
       IF to_regrole('${LOGIN}') IS NULL THEN CREATE ROLE ${LOGIN} LOGIN IN ROLE ${GROUP}; END IF;
     END $$`,
  );
  const url = new URL(databaseUrl);
  url.username = LOGIN;
  return url.href;
}
