import type { ContentBlock, PromptCapabilities } from '@agentclientprotocol/sdk';
import { pathToFileURL } from 'node:url';
import type { AgentAttachment, UserMessage } from '../driver/userMessages';

/** A message as content: what the agent cannot take whole becomes a link, which every agent takes. */
export function promptOf({ text, attachments }: UserMessage, capabilities: PromptCapabilities): ContentBlock[] {
  return [{ type: 'text', text }, ...attachments.map((each) => blockOf(each, capabilities))];
}

function blockOf({ reference, path, picture, text }: AgentAttachment, capabilities: PromptCapabilities): ContentBlock {
  const { name, mediaType: mimeType, bytes: size } = reference;
  const uri = pathToFileURL(path).href;
  if (picture !== undefined && capabilities.image === true) return { type: 'image', mimeType, data: picture, uri };
  if (text !== undefined && capabilities.embeddedContext === true)
    return { type: 'resource', resource: { uri, mimeType, text } };
  return { type: 'resource_link', uri, name, mimeType, size };
}
