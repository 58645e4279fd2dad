import { join } from 'node:path';
import { format } from 'node:util';
import { projectRoot } from './project';
import { TestRepository } from './repository';
import { VscodeServer } from './vscodeServer';
import { openBrowser } from './window';

/** What the workbench of this host says about itself: no native bindings, no marketplace, a window that is closing. */
const WORKBENCH_NOISE =
  /^(Error: Could not locate the bindings file|Error: Cannot find module '.\/build\/Release\/watchdog'|Ignoring fetching additional builtin extensions|Canceled)/;

/** Runs out/host/index.js inside the extension host of a real window on a small repository. Returns its exit code: 0 where all tests passed. */
export async function runInExtensionHost(): Promise<number> {
  const repository = await TestRepository.create();
  try {
    const server = await VscodeServer.start({ testDriver: true, reconnectionGraceSeconds: 1 });
    try {
      const browser = await openBrowser();
      try {
        const page = await browser.newPage();
        const exitCode = new Promise<number>((fulfil, reject) => {
          page.once('crash', () => {
            reject(new Error('The window crashed'));
          });
          // The two functions that VS Code's test driver calls in its window.
          page.exposeFunction('codeAutomationExit', fulfil).catch(reject);
          page
            .exposeFunction('codeAutomationLog', (type: string, parameters: unknown[]) => {
              const line = format(...parameters);
              if (!WORKBENCH_NOISE.test(line)) process.stdout.write(`${type === 'error' ? '! ' : ''}${line}\n`);
            })
            .catch(reject);
        });
        await page.goto(
          server.url(repository.path, [
            ['extensionDevelopmentPath', server.remoteUri(projectRoot)],
            ['extensionTestsPath', server.remoteUri(join(projectRoot, 'out/host/index.js'))],
          ]),
        );
        return await exitCode;
      } finally {
        await browser.close();
      }
    } finally {
      await server.stop();
    }
  } finally {
    await repository.remove();
  }
}
