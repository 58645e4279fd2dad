import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { isToTell, noticeSettings, type NoticeChoice, type Sight } from '../../../src/views/noticeChoice';

const NOTHING: Sight = { isWindowFocused: false, isListVisible: false, isTimelineActive: false };
const SIGHTS = {
  'another window has the focus, with all in sight here': { ...NOTHING, isListVisible: true, isTimelineActive: true },
  'the window has the focus': { ...NOTHING, isWindowFocused: true },
  'the list is in sight': { ...NOTHING, isWindowFocused: true, isListVisible: true },
  'the timeline is in front': { isWindowFocused: true, isListVisible: false, isTimelineActive: true },
} satisfies Record<string, Sight>;

const TOLD: Record<NoticeChoice, readonly (keyof typeof SIGHTS)[]> = {
  always: ['another window has the focus, with all in sight here', 'the window has the focus', 'the list is in sight'],
  unfocused: ['another window has the focus, with all in sight here', 'the window has the focus'],
  never: [],
};

describe('the choice of notices', () => {
  for (const choice of ['always', 'unfocused', 'never'] as const)
    it(`tells where ${choice} says so`, () => {
      const told = Object.entries(SIGHTS).filter(([, sight]) => isToTell(choice, sight));
      assert.deepEqual(
        told.map(([name]) => name),
        TOLD[choice],
      );
    });

  it('is unfocused where nothing is set, and failures are told like other ends', () => {
    const unset = { questions: 'unfocused', ends: 'unfocused', failures: 'unfocused', limits: 'unfocused' };
    for (const setting of [undefined, {}, 'always', { ends: 'sometimes' }])
      assert.deepEqual(noticeSettings(setting), unset);
    assert.deepEqual(noticeSettings({ ends: 'never' }), { ...unset, ends: 'never', failures: 'never' });
    assert.deepEqual(noticeSettings({ ends: 'never', failures: 'always' }), {
      ...unset,
      ends: 'never',
      failures: 'always',
    });
  });

  it('reads the word of earlier versions for ends', () => {
    const { ends, failures } = noticeSettings({ ends: 'whenHidden' });
    assert.deepEqual([ends, failures], ['unfocused', 'unfocused']);
  });
});
