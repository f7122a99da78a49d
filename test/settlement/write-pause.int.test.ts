import { expect, test } from "vitest";
import { settleBlocks } from "../../src/settlement/settle-blocks.ts";
import { freshDatabase } from "../support/database.ts";
import { rowsOf } from "../support/read-rows.ts";
import { addressOf } from "../support/seed.ts";
import { createWorld, insertPlanned, itemsOf } from "./settle-world.ts";

test.each([true, false])(
  "a broken invariant pauses dispatch in the commit that found it, whoever dies after it: %s",
  async (pausesOnAlarm) => {
    await using database = await freshDatabase();
    const { pool } = database;
    const { chain, deps } = await createWorld(pool);
    const [payment] = await insertPlanned(pool, ["t1"]);
    const stolen = { ...payment, terms: { ...payment.terms, recipient: addressOf("a thief") } };
    chain.pay(itemsOf([stolen]));
    const onAlarm = () => {
      throw new Error("killed");
    };
    const settling = settleBlocks({ ...deps, pausesOnAlarm, onAlarm }, [chain.mine()]);
    await expect(settling).rejects.toThrow("killed");
    const pauses = pausesOnAlarm
      ? [{ scope: "*", reason: "alarm: paid_contradicts_terms", actor: "system" }]
      : [];
    expect(await rowsOf(pool, "pauses")).toMatchObject(pauses);
    const audit = await rowsOf(pool, "audit_log");
    const told = audit.filter(({ action }) => action === "dispatch.paused");
    expect(told).toHaveLength(pauses.length);
  },
);
