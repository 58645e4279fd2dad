import type { Conversation, ConversationHost, ConversationRequest, Driver } from './driver/driver';

/**
 * The driver's conversation. In one about a question beside the work nobody is asked: what the agent asks for is denied
 * at once, what it offers is kept by nobody, and its process ends with its turn.
 */
export function conversationOf(driver: Driver, request: ConversationRequest, host: ConversationHost): Conversation {
  if (request.aside === undefined) return driver.createConversation(request, host);
  const conversation: Conversation = driver.createConversation(request, {
    write: (data) => host.write(data),
    closeInput: () => host.closeInput(),
    usedInTurn: (usage) => host.usedInTurn(usage),
    offer: () => undefined,
    emit: (event) => {
      host.emit(event);
      if (event.kind !== 'permission.request') return;
      const { requestId, options } = event.data;
      const optionId = options.find(({ kind }) => kind.startsWith('reject'))?.optionId;
      if (optionId === undefined) {
        // It offers no refusal, and would wait for ever.
        setImmediate(() => conversation.interrupt());
        return;
      }
      host.emit({ kind: 'permission.answer', data: { requestId, outcome: 'denied', optionId } });
      setImmediate(() => conversation.answerPermission(requestId, optionId));
    },
  });
  return {
    endsWithTurn: true,
    start: () => conversation.start(),
    readLine: (stream, line) => conversation.readLine(stream, line),
    send: (text, attachments) => conversation.send(text, attachments),
    hasQueued: () => conversation.hasQueued(),
    interrupt: () => conversation.interrupt(),
    answerPermission: (requestId, optionId, said) => conversation.answerPermission(requestId, optionId, said),
    end: (exit) => conversation.end(exit),
  };
}
