/** `npm run test:electron`: the tests of test/host inside a desktop VS Code, which @vscode/test-electron downloads. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDemoRepository } from './demoRepository.mjs';
import { enterProjectNode, root, runOrThrow } from './installation.mjs';

await enterProjectNode(import.meta.filename);
const { downloadAndUnzipVSCode, runTests } = await import('@vscode/test-electron');

await runOrThrow(process.execPath, [join(root, 'esbuild.mjs'), '--tests']);
const directory = await mkdtemp(join(tmpdir(), 'corral-electron-'));
try {
  await createDemoRepository(join(directory, 'repository'));
  const vscodeExecutablePath = await downloadAndUnzipVSCode('stable').catch((cause) => {
    throw new Error(
      'VS Code for the desktop could not be downloaded. `npm run test:host` runs the same tests in a VS Code from the package registry.',
      {
        cause,
      },
    );
  });
  const launchArgs = [
    join(directory, 'repository'),
    '--disable-workspace-trust',
    `--user-data-dir=${join(directory, 'profile')}`,
  ];
  await runTests({
    vscodeExecutablePath,
    extensionDevelopmentPath: root,
    extensionTestsPath: join(root, 'out/host/index.js'),
    launchArgs,
  });
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
}
