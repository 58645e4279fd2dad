/** `npm run torture [-- <scenario>…] [--seed=N] [--rounds=N] [--minutes=N]`: builds and runs test/torture/main.ts. */
import { join } from 'node:path';
import { enterProjectNode, root, runOrThrow } from './installation.mjs';

await enterProjectNode(import.meta.filename);
await runOrThrow(process.execPath, [join(root, 'esbuild.mjs'), '--tests']);
await runOrThrow(process.execPath, [join(root, 'out/torture/main.js'), ...process.argv.slice(2)]);
