/** ESLint rule: a comment is at most two short sentences. What stands behind a tag such as `@throws` counts apart. */

const MAX_SENTENCES = 2;
const MAX_CHARACTERS = 260;

/** The prose of a comment: without its stars, its tags, and blocks of code that are indented or fenced. */
function proseOf(text) {
  const lines = text.split('\n').map((line) => line.replace(/^\s*\* ?/, ''));
  const firstTag = lines.findIndex((line) => line.startsWith('@'));
  return (firstTag < 0 ? lines : lines.slice(0, firstTag))
    .filter((line) => !/^( {4}|\||```)/.test(line))
    .join(' ')
    .replace(/`[^`]*`/g, 'x')
    .trim();
}

const sentencesIn = (prose) => prose.split(/[.!?](?=\s|$)/).filter((sentence) => sentence.trim() !== '').length;

/** Line comments that follow each other are read as one. */
function* groupsOf(comments) {
  let group = [];
  for (const comment of comments) {
    const before = group.at(-1);
    const goesOn =
      before?.type === 'Line' &&
      comment.type === 'Line' &&
      comment.loc.start.line === before.loc.end.line + 1 &&
      comment.loc.start.column === before.loc.start.column;
    if (group.length > 0 && !goesOn) {
      yield group;
      group = [];
    }
    group.push(comment);
  }
  if (group.length > 0) yield group;
}

export const shortComments = {
  meta: { type: 'suggestion', schema: [], messages: { long: 'A comment is at most two short sentences: {{what}}.' } },
  create(context) {
    return {
      Program() {
        for (const group of groupsOf(context.sourceCode.getAllComments())) {
          const prose = proseOf(group.map(({ value }) => value).join('\n'));
          const sentences = sentencesIn(prose);
          const isLong = sentences > MAX_SENTENCES || prose.length > MAX_CHARACTERS;
          const what = `this one has ${sentences} of together ${prose.length} characters`;
          if (isLong && !prose.startsWith('eslint-'))
            context.report({ loc: group[0].loc, messageId: 'long', data: { what } });
        }
      },
    };
  },
};
