import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { titleOf } from '../../../../src/supervisor/sessions/sessionTitle';
import { changesPrompt, filesPrompt, problemPrompt, selectionPrompt } from '../../../../src/views/composer/promptTexts';

const PLACE = { path: 'src/duration.js', firstLine: 4, lastLine: 6, language: 'js', text: '- one\n```\nIn a.ts:\n' };

describe('the title of a session', () => {
  it('is the first line of the prompt in which there is something to see', () => {
    assert.equal(titleOf('\n \u200b\n  Add a test\r\nand more'), 'Add a test');
    assert.equal(titleOf('Do the following:\n\n- this\n\nThen that'), 'Do the following:');
    assert.equal(titleOf(' \n'), 'Untitled');
  });

  it('is what a person asks for, not the selection, the files or the changes that it is about', () => {
    assert.equal(titleOf(`${selectionPrompt(PLACE)}Refuse an empty text`), 'Refuse an empty text');
    assert.equal(titleOf(`${filesPrompt(['a.ts', 'b.ts'])}Merge them\nwell`), 'Merge them');
    assert.equal(titleOf(`${changesPrompt(['a.ts'])}${selectionPrompt(PLACE)}Finish this`), 'Finish this');
    assert.equal(titleOf(`${filesPrompt(['a.ts'])}explain`), 'In a.ts: explain');
  });

  it('says what the session is about where nothing is asked', () => {
    assert.equal(titleOf(selectionPrompt(PLACE)), 'In src/duration.js, lines 4–6');
    assert.equal(titleOf(changesPrompt(['a.ts'])), 'My uncommitted changes are in');
    assert.equal(titleOf('In these files:\n\n```\nnever closed'), 'In these files');
    assert.match(
      titleOf(problemPrompt(PLACE, [{ message: 'Not defined', name: 'ts 2304' }])),
      /^Fix this problem in src/,
    );
  });
});
