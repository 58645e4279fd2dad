/**
 * `node agentWindow.mjs <supervisor module>`: a window in a process of its own, to be killed by a test. It is sent
 * the options of its supervisor, says `{ready}`, and is then sent `{number, method, values}` for each call.
 */
import { createRequire } from 'node:module';

const { Supervisor } = createRequire(import.meta.url)(process.argv[2]);
let supervisor;

process.on('message', ({ options, number, method, values }) => {
  if (supervisor === undefined) {
    const { settings, ...others } = options;
    supervisor = new Supervisor({ ...others, settings: () => settings });
    supervisor.whenRecovered().then(() => process.send({ ready: true }));
    return;
  }
  supervisor[method](...values).then(
    (result) => process.send({ number, result }),
    (error) => process.send({ number, problem: error.stack }),
  );
});
