// A model service on loopback that answers real agent programs as the scenario in the prompt says. It keeps no state,
// so that a session can be resumed.
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';
import { DIALECTS } from './modelDialects.mjs';
import { answerTo } from './modelScenarios.mjs';

/** The agent's working directory, if its program tells the model; paths are relative otherwise. */
function folderIn(body) {
  const text = JSON.stringify(body);
  const told = [
    /<(?:cwd|working-directory)>([^<]+)</,
    /orking directory:? ?(\/[^\n"\\<]+)/i,
    /orking directory[^/]{0,30}(\/[^\n"\\<`]+)/i,
    /orkspace[^/\n]{0,40}(\/[^\s"\\<`]+)/,
  ];
  return told.map((pattern) => pattern.exec(text)?.[1]).find((folder) => folder !== undefined) ?? '.';
}

/** How many of the last requests are kept. */
const MAX_REQUESTS = 20;

/** What the program signs in with. */
const tokenOf = ({ headers }) => headers['x-api-key'] ?? headers.authorization?.replace(/^Bearer /, '');

async function serve(incoming, response, { requests, limits, onRequest }) {
  let text = '';
  for await (const chunk of incoming.setEncoding('utf8')) text += chunk;
  const { pathname } = new URL(incoming.url, 'http://localhost');
  const json = (status, value) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  if (/count_?tokens$/i.test(pathname)) return json(200, { input_tokens: 1000, totalTokens: 1000 });
  if (pathname.endsWith('/models')) return json(200, { object: 'list', data: [], models: [] });
  const dialect = incoming.method === 'POST' ? DIALECTS.find(({ path }) => path.test(pathname)) : undefined;
  if (dialect === undefined)
    return json(404, { type: 'error', error: { type: 'not_found_error', message: 'There is nothing here' } });
  const body = JSON.parse(text);
  requests.push(body);
  requests.splice(0, requests.length - MAX_REQUESTS);
  onRequest(body);
  const resetsAt = limits.get(tokenOf(incoming));
  if (resetsAt !== undefined && Date.now() < resetsAt * 1000) return dialect.refuse(response, resetsAt);
  const step = answerTo({ ...dialect.read(body), folder: folderIn(body) });
  if (step.status !== undefined) return dialect.fail(response, step.status, step.message);
  await dialect.answer(response, body, step, { isStream: pathname.includes('stream') });
}

/**
 * Listens on a free loopback port; `requests` are the last ones for an answer, oldest first. `limits` has when the
 * usage limit of an account ends, in seconds since 1970, by what its programs sign in with.
 */
export async function startModelServer({ onRequest = () => undefined } = {}) {
  const requests = [];
  const limits = new Map();
  const server = createServer((incoming, response) => {
    serve(incoming, response, { requests, limits, onRequest }).catch((error) => {
      console.error(`The model cannot answer: ${error.message}`);
      response.destroy(error);
    });
  });
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    requests,
    limits,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

// As a program, it adds each request as a line of JSON to the file that its argument names.
const [, program, log] = process.argv;
if (program !== undefined && import.meta.url === pathToFileURL(program).href) {
  const onRequest = (body) => log !== undefined && appendFileSync(log, `${JSON.stringify(body)}\n`);
  console.log((await startModelServer({ onRequest })).url);
}
