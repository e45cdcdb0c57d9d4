// Takes out of the lock what npm notes beside names, versions and hashes: where its makers ask for money.
import { readFileSync, writeFileSync } from "node:fs";

const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));
for (const part of Object.values(lock.packages)) delete part.funding;
writeFileSync("package-lock.json", `${JSON.stringify(lock, null, 2)}\n`);
