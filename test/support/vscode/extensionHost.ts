import { join } from 'node:path';
import { format } from 'node:util';
import { projectRoot } from '../project';
import { TestRepository } from '../repository';
import { REPORT_MARK } from '../tier/oneProcess';
import { VscodeServer } from './vscodeServer';
import { openBrowser } from './window';

/** Runs out/host/index.js in the extension host of a window on a small repository. The exit code is 0 if all passed. */
export async function runInExtensionHost(): Promise<number> {
  const repository = await TestRepository.create();
  try {
    const server = await VscodeServer.start({
      testDriver: true,
      reconnectionGraceSeconds: 1,
      environment: { CORRAL_TEST_MARKED: '1' },
    });
    try {
      const browser = await openBrowser();
      try {
        const page = await browser.newPage();
        /** Printed only after a failure, since the workbench writes a lot. */
        const windowConsole: string[] = [];
        const exitCode = new Promise<number>((fulfil, reject) => {
          page.once('crash', () => {
            reject(new Error('The window crashed'));
          });
          // VS Code's test driver calls these two functions in its window.
          page.exposeFunction('codeAutomationExit', fulfil).catch(reject);
          page
            .exposeFunction('codeAutomationLog', (_type: string, parameters: unknown[]) => {
              const text = format(...parameters);
              if (text.startsWith(REPORT_MARK)) process.stdout.write(`${text.slice(REPORT_MARK.length)}\n`);
              else windowConsole.push(text);
            })
            .catch(reject);
        });
        await page.goto(
          server.url(repository.path, [
            ['extensionDevelopmentPath', server.remoteUri(projectRoot)],
            ['extensionTestsPath', server.remoteUri(join(projectRoot, 'out/host/index.js'))],
          ]),
        );
        const code = await exitCode;
        if (code !== 0) process.stdout.write(`\nThe console of the window:\n${windowConsole.join('\n')}\n`);
        return code;
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
