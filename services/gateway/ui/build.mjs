// Builds the theme and the script of the staff pages into the gateway's static files, with hashed names and a manifest.
import { build } from "esbuild";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const outdir = fileURLToPath(new URL("../gateway/static/built", import.meta.url));

await rm(outdir, { recursive: true, force: true });
await mkdir(outdir, { recursive: true });

const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: ["src/app.ts", "src/app.css"],
  outdir,
  bundle: true,
  minify: true,
  metafile: true,
  format: "esm",
  target: ["es2022", "chrome123", "firefox120", "safari17.5"],
  loader: { ".woff2": "file" },
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  legalComments: "none",
});

const manifest = Object.fromEntries(
  Object.entries(metafile.outputs)
    .filter(([, output]) => output.entryPoint)
    .map(([path, output]) => [basename(output.entryPoint).replace(/\.ts$/, ".js"), basename(path)]),
);
await writeFile(`${outdir}/manifest.json`, JSON.stringify(manifest, null, 2) + "\n");

for (const [path, { bytes }] of Object.entries(metafile.outputs)) {
  if (!path.endsWith(".woff2")) console.log(`${basename(path)}  ${(bytes / 1024).toFixed(1)} KiB`);
}
