// The APIs of model services: Anthropic's Messages, OpenAI's Responses and Chat Completions, and Gemini's.
// Each dialect reads the turns and tools of a request, and writes an answer or a failure.
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

const id = (prefix) => `${prefix}_${randomUUID().replaceAll('-', '')}`;
const json = (response, status, value, headers = {}) =>
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));

/** The text of content in any dialect, without what an agent's program adds in tags. */
function wordsOf(content) {
  const texts = typeof content === 'string' ? [content] : (content ?? []).map((part) => part.text ?? '');
  return texts
    .filter((text) => typeof text === 'string' && !/^\s*</.test(text))
    .join('\n')
    .replace(/<info-msg>[\s\S]*?<\/info-msg>/g, '');
}

/** Begins an event stream and returns the function that writes to it. */
function streamTo(response, headers = {}) {
  response.writeHead(200, { 'content-type': 'text/event-stream', ...headers });
  return (text) => {
    if (!response.destroyed) response.write(text);
  };
}

/** Sends the pieces of a text one after another. False if the client has gone. */
async function tell(response, { text, pieceMs, isCut }, write) {
  for (const piece of pieceMs === 0 ? text.match(/[\s\S]{1,2000}/g) : text.match(/[\s\S]{1,8}/g)) {
    if (response.destroyed) return false;
    write(piece);
    if (pieceMs > 0) await pause(pieceMs);
  }
  // The text must arrive before the connection breaks.
  if (isCut) {
    await pause(50);
    response.destroy();
  }
  return !isCut;
}

const anthropic = {
  path: /\/v1\/messages$/,
  read: (body) => ({
    turns: body.messages.flatMap(({ role, content }) =>
      role === 'assistant'
        ? [{ role: 'model' }]
        : role === 'user'
          ? [{ role: 'user', text: wordsOf(content), results: JSON.stringify(content) }]
          : [],
    ),
    tools: (body.tools ?? []).map(({ name, input_schema: schema }) => ({ name, properties: schema?.properties ?? {} })),
  }),
  fail: (response, status, message) =>
    json(response, status, {
      type: 'error',
      error: { type: status === 429 ? 'rate_limit_error' : 'api_error', message },
    }),
  /** The account of the request is used up until `resetsAt`, in seconds since 1970. */
  refuse: (response, resetsAt) =>
    json(
      response,
      429,
      { type: 'error', error: { type: 'rate_limit_error', message: 'This account is used up' } },
      {
        'anthropic-ratelimit-unified-status': 'rejected',
        'anthropic-ratelimit-unified-reset': String(resetsAt),
        'anthropic-ratelimit-unified-representative-claim': 'five_hour',
      },
    ),
  async answer(response, body, step) {
    const blocks = [
      { type: 'text', text: step.text },
      ...step.calls.map(({ name, args }) => ({ type: 'tool_use', id: id('toolu'), name, input: args })),
    ];
    const stopReason = step.calls.length > 0 ? 'tool_use' : 'end_turn';
    const usage = {
      input_tokens: 1000,
      output_tokens: 20,
      cache_read_input_tokens: 100,
      cache_creation_input_tokens: 0,
    };
    const message = {
      id: id('msg'),
      type: 'message',
      role: 'assistant',
      model: body.model,
      stop_sequence: null,
      usage,
    };
    if (body.stream !== true) return json(response, 200, { ...message, content: blocks, stop_reason: stopReason });
    const write = streamTo(response, { 'request-id': id('req') });
    const send = (type, value) => write(`event: ${type}\ndata: ${JSON.stringify({ type, ...value })}\n\n`);
    send('message_start', { message: { ...message, content: [], stop_reason: null } });
    for (const [index, block] of blocks.entries()) {
      send('content_block_start', {
        index,
        content_block: block.type === 'text' ? { type: 'text', text: '' } : { ...block, input: {} },
      });
      if (block.type === 'text') {
        if (
          !(await tell(response, step, (text) =>
            send('content_block_delta', { index, delta: { type: 'text_delta', text } }),
          ))
        )
          return;
      } else {
        send('content_block_delta', {
          index,
          delta: { type: 'input_json_delta', partial_json: JSON.stringify(block.input) },
        });
      }
      send('content_block_stop', { index });
    }
    send('message_delta', { delta: { stop_reason: stopReason, stop_sequence: null }, usage: { output_tokens: 20 } });
    send('message_stop', {});
    response.end();
  },
};

const openAiFailure = (response, status, message) =>
  json(response, status, {
    error: { message, type: status === 429 ? 'rate_limit_error' : 'server_error', code: null, param: null },
  });

const responses = {
  path: /\/responses$/,
  read: (body) => ({
    turns: body.input.flatMap((item) => {
      if (item.type === 'message' && item.role === 'user') return [{ role: 'user', text: wordsOf(item.content) }];
      if (/_output$/.test(item.type)) return [{ role: 'tool', results: JSON.stringify(item) }];
      return /_call$/.test(item.type) || item.role === 'assistant' ? [{ role: 'model' }] : [];
    }),
    // What it was told of later is no part of its list of tools.
    tools: [...(body.tools ?? []), ...body.input.flatMap(({ tools: found = [] }) => found)]
      .flatMap((tool) =>
        tool.type === 'namespace' ? tool.tools.map((each) => ({ ...each, namespace: tool.name })) : [tool],
      )
      .map(({ name, namespace, type, parameters }) => ({
        name: name ?? type,
        namespace,
        properties: parameters?.properties ?? {},
        isPlain: type === 'custom',
      })),
  }),
  refuse: (response, resetsAt) =>
    json(
      response,
      429,
      {
        error: {
          type: 'usage_limit_reached',
          message: 'This account is used up',
          plan_type: 'plus',
          resets_at: resetsAt,
        },
      },
      {
        'x-codex-primary-used-percent': '100',
        'x-codex-primary-window-minutes': '300',
        'x-codex-primary-reset-at': String(resetsAt),
      },
    ),
  fail: openAiFailure,
  async answer(response, body, step) {
    const usage = {
      input_tokens: 1000,
      input_tokens_details: { cached_tokens: 100 },
      output_tokens: 20,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 1020,
    };
    const base = {
      id: id('resp'),
      object: 'response',
      created_at: 0,
      status: 'in_progress',
      model: body.model,
      output: [],
      tools: [],
    };
    const message = {
      type: 'message',
      id: id('msg'),
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: step.text, annotations: [] }],
    };
    const calls = step.calls.map(({ name, namespace, args, input }) => {
      if (name === 'tool_search') {
        const search = { type: 'tool_search_call', execution: 'client', status: 'completed' };
        return { ...search, id: id('tsc'), call_id: id('call'), arguments: args };
      }
      return input === undefined
        ? {
            type: 'function_call',
            id: id('fc'),
            call_id: id('call'),
            name,
            ...(namespace === undefined ? {} : { namespace }),
            arguments: JSON.stringify(args),
            status: 'completed',
          }
        : { type: 'custom_tool_call', id: id('ctc'), call_id: id('call'), name, input, status: 'completed' };
    });
    const write = streamTo(response);
    const send = (type, value) => write(`event: ${type}\ndata: ${JSON.stringify({ type, ...value })}\n\n`);
    send('response.created', { response: base });
    send('response.output_item.added', { output_index: 0, item: { ...message, status: 'in_progress', content: [] } });
    const place = { item_id: message.id, output_index: 0, content_index: 0 };
    if (!(await tell(response, step, (delta) => send('response.output_text.delta', { ...place, delta })))) return;
    send('response.output_item.done', { output_index: 0, item: message });
    for (const [index, item] of calls.entries()) {
      send('response.output_item.added', { output_index: index + 1, item: { ...item, status: 'in_progress' } });
      send('response.output_item.done', { output_index: index + 1, item });
    }
    send('response.completed', { response: { ...base, status: 'completed', output: [message, ...calls], usage } });
    response.end();
  },
};

const chat = {
  path: /\/chat\/completions$/,
  read: (body) => ({
    turns: body.messages.flatMap(({ role, content }) =>
      role === 'user'
        ? [{ role, text: wordsOf(content) }]
        : role === 'assistant'
          ? [{ role: 'model' }]
          : [{ role, results: JSON.stringify(content ?? '') }],
    ),
    tools: (body.tools ?? []).map(({ function: { name, parameters } }) => ({
      name,
      properties: parameters?.properties ?? {},
    })),
  }),
  fail: openAiFailure,
  async answer(response, body, step) {
    const usage = {
      prompt_tokens: 1000,
      completion_tokens: 20,
      total_tokens: 1020,
      prompt_tokens_details: { cached_tokens: 100 },
    };
    const calls = step.calls.map(({ name, args }, index) => ({
      index,
      id: id('call'),
      type: 'function',
      function: { name, arguments: JSON.stringify(args) },
    }));
    const finish = calls.length > 0 ? 'tool_calls' : 'stop';
    const base = { id: id('chatcmpl'), created: 0, model: body.model };
    if (body.stream !== true) {
      const message = { role: 'assistant', content: step.text, ...(calls.length > 0 ? { tool_calls: calls } : {}) };
      return json(response, 200, {
        ...base,
        object: 'chat.completion',
        choices: [{ index: 0, finish_reason: finish, message }],
        usage,
      });
    }
    const write = streamTo(response);
    const send = (delta, end = null) =>
      write(
        `data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: end }] })}\n\n`,
      );
    send({ role: 'assistant', content: '' });
    if (!(await tell(response, step, (content) => send({ content })))) return;
    for (const call of calls) send({ tool_calls: [call] });
    send({}, finish);
    write(
      `data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', choices: [], usage })}\n\ndata: [DONE]\n\n`,
    );
    response.end();
  },
};

const gemini = {
  path: /:(streamG|g)enerateContent$/,
  read: (body) => ({
    turns: body.contents.map(({ role, parts }) =>
      role === 'model'
        ? { role }
        : parts.some((part) => part.functionResponse)
          ? { role: 'tool', results: JSON.stringify(parts) }
          : { role: 'user', text: wordsOf(parts) },
    ),
    tools: (body.tools ?? [])
      .flatMap((tool) => tool.functionDeclarations ?? [])
      .map(({ name, parametersJsonSchema, parameters }) => ({
        name,
        properties: (parametersJsonSchema ?? parameters)?.properties ?? {},
      })),
  }),
  fail: (response, status, message) =>
    json(response, status, {
      error: { code: status, message, status: status === 429 ? 'RESOURCE_EXHAUSTED' : 'INTERNAL' },
    }),
  async answer(response, body, step, { isStream }) {
    const usageMetadata = {
      promptTokenCount: 1000,
      candidatesTokenCount: 20,
      totalTokenCount: 1020,
      cachedContentTokenCount: 100,
    };
    const part = (parts, end) => ({
      candidates: [{ content: { role: 'model', parts }, index: 0, ...(end ? { finishReason: 'STOP' } : {}) }],
      usageMetadata,
    });
    const calls = step.calls.map(({ name, args }) => ({ functionCall: { name, args, id: id('call') } }));
    // A program that asks which model to use wants JSON of a given shape.
    const wanted =
      body.generationConfig?.responseJsonSchema?.properties ?? body.generationConfig?.responseSchema?.properties;
    if (wanted !== undefined)
      return json(
        response,
        200,
        part([{ text: JSON.stringify(Object.fromEntries(Object.keys(wanted).map((name) => [name, 'flash']))) }], true),
      );
    if (!isStream) return json(response, 200, part([{ text: step.text }, ...calls], true));
    const write = streamTo(response);
    const send = (value) => write(`data: ${JSON.stringify(value)}\r\n\r\n`);
    if (!(await tell(response, step, (text) => send(part([{ text }], false))))) return;
    send(part(calls.length > 0 ? calls : [{ text: '' }], true));
    response.end();
  },
};

export const DIALECTS = [anthropic, responses, chat, gemini];
