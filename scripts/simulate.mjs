/** `npm run simulate [-- --hosts=N …]`: builds and runs test/simulation/main.ts, which has the options. */
import { join } from 'node:path';
import { enterProjectNode, root, runOrThrow } from './installation.mjs';

await enterProjectNode(import.meta.filename);
await runOrThrow(process.execPath, [join(root, 'esbuild.mjs'), '--tests']);
await runOrThrow(process.execPath, [join(root, 'out/simulation/main.js'), ...process.argv.slice(2)]);
