import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { ifExists } from '../../common/ifExists';
import { parseJson } from '../../common/lines/jsonLimits';
import { readdirIfExists } from '../../common/readdirIfExists';
import { makeDirectory, replaceFile, TEMPORARY_SUFFIX } from '../journal/durableFile';
import { commandKey, namedCommandSchema, type NamedCommand } from '../namedCommand';
import type { StorePaths } from '../paths';

const answerSchema = v.object({ ...namedCommandSchema.entries, isAllowed: v.boolean() });

/** A command and what a person on this machine said to it. */
export type AnsweredCommand = v.InferOutput<typeof answerSchema>;

/** True or false as a person answered for exactly this command; undefined where nobody did. */
export async function readConsent(paths: StorePaths, command: NamedCommand): Promise<boolean | undefined> {
  const answer = await readAnswer(join(paths.consents, commandKey(command)));
  return answer !== undefined && commandKey(answer) === commandKey(command) ? answer.isAllowed : undefined;
}

/** Keeps the answer for all windows, in place of an earlier one. */
export async function recordConsent(paths: StorePaths, command: NamedCommand, isAllowed: boolean): Promise<void> {
  await makeDirectory(paths.consents);
  const { repository, use, command: words } = command;
  const answer: AnsweredCommand = { repository, use, command: words, isAllowed };
  await replaceFile(join(paths.consents, commandKey(command)), Buffer.from(JSON.stringify(answer)));
}

/** Every answer that is kept. */
export async function listConsents(paths: StorePaths): Promise<AnsweredCommand[]> {
  const names = (await readdirIfExists(paths.consents)).filter((name) => !name.endsWith(TEMPORARY_SUFFIX)).sort();
  const answers = [];
  for (const name of names) answers.push(await readAnswer(join(paths.consents, name)));
  return answers.flatMap((answer) => answer ?? []);
}

/** A damaged file counts as no answer, so that the question is asked again. */
async function readAnswer(path: string): Promise<AnsweredCommand | undefined> {
  const text = await ifExists(readFile(path, 'utf8'));
  if (text === undefined) return undefined;
  const parsed = v.safeParse(answerSchema, parseJson(text)?.json);
  return parsed.success ? parsed.output : undefined;
}
