// Choosing a recipe: the best one, or the strongest penalty within a standard error of it, and the summary of the choice.
import { expect, test } from 'vitest';
import { canonicalJson } from '../../../domain/canonical-json.ts';
import { chooseRecipe, type RecipeScores } from '../../../domain/learning/choose-recipe.ts';
import { type TrainingPlan } from '../../../domain/learning/plan-training.ts';
import { type Recipe } from '../../../domain/learning/recipe.ts';

const recipe = (l2: number, window: Recipe['window'] = 'all'): Recipe => ({
  window,
  l2,
  classWeight: 'none',
});
const planOf = (recipes: Recipe[], more: Partial<TrainingPlan> = {}): TrainingPlan => ({
  change: null,
  recipes,
  metric: 'auc',
  judgedRows: 900,
  folds: 4,
  remarks: [],
  ...more,
});
const scores = (...values: number[]): RecipeScores => ({ scores: values });
const own = { l2: 1 };

test('the strongest penalty within one standard error of the best is chosen, and the summary names both', () => {
  const plan = planOf([recipe(0.1), recipe(1), recipe(10), recipe(100)]);
  // The best recipe has mean 0.72 and standard error 0.01 · √(8/3)/2 = 0.00816.
  const tuning = chooseRecipe(
    plan,
    [
      scores(0.69, 0.69, 0.69, 0.69),
      scores(0.7, 0.72, 0.72, 0.74),
      scores(0.712, 0.712, 0.713, 0.713),
      scores(0.71, 0.711, 0.711, 0.712),
    ],
    own,
  );
  expect(tuning.chosen).toEqual(recipe(10));
  expect(tuning.recipes[1]!.mean).toBeCloseTo(0.72, 12);
  expect(tuning.recipes[1]!.standardError).toBeCloseTo(Math.sqrt(0.0008 / 3 / 4), 12);
  expect(tuning.words).toBe(
    'all rows, l2 10, no class weights; AUC 0.7125 ± 0.0003, mean and standard error over 4 folds of 900 training rows; ' +
      'the best of 4 was all rows, l2 1, no class weights with 0.7200 ± 0.0082; chosen for the strongest penalty within ' +
      'one standard error of it',
  );
});

test('a lower log loss is better', () => {
  const plan = planOf([recipe(0.1), recipe(1)], { metric: 'log loss' });
  const tuning = chooseRecipe(plan, [scores(0.5, 0.5, 0.51, 0.5), scores(0.7, 0.7, 0.7, 0.7)], own);
  expect(tuning.chosen).toEqual(recipe(0.1));
  expect(tuning.words).toContain('log loss 0.5025');
});

test('the window is chosen by the better mean, and the penalty only among recipes of that window', () => {
  const plan = planOf([recipe(1), recipe(50), recipe(1, 'recent'), recipe(10, 'recent')], {
    change: '2024-01-31T00:00:00.000Z',
  });
  const noisy = [0.58, 0.6, 0.66, 0.68];
  const tuning = chooseRecipe(
    plan,
    [
      scores(0.61, 0.61, 0.62, 0.62),
      scores(0.61, 0.61, 0.61, 0.61),
      scores(...noisy),
      scores(0.61, 0.61, 0.61, 0.6),
    ],
    own,
  );
  expect(tuning.chosen).toEqual(recipe(10, 'recent'));
  expect(tuning.words).toContain('after the change at 2024-01-31T00:00:00.000Z');
  expect(tuning.words).toContain('all rows reached 0.6150 ± 0.0029 at best');
});

test('the first in the list is chosen if means and penalties are equal', () => {
  const balanced: Recipe = { window: 'all', l2: 1, classWeight: 'balanced' };
  const same = scores(0.6, 0.6);
  expect(chooseRecipe(planOf([recipe(1), balanced]), [same, same], own).chosen).toEqual(recipe(1));
  expect(chooseRecipe(planOf([balanced, recipe(1)]), [same, same], own).chosen).toEqual(balanced);
});

test('a recipe that could not be fitted is excluded, and the summary counts such recipes', () => {
  const failed: RecipeScores = { scores: null, problem: 'the gradient did not vanish' };
  const tuning = chooseRecipe(planOf([recipe(0), recipe(1)]), [failed, scores(0.6, 0.7)], own);
  expect(tuning.chosen).toEqual(recipe(1));
  expect(tuning.recipes[0]).toMatchObject({ problem: 'the gradient did not vanish', mean: null });
  expect(tuning.words).toContain('1 of 2 recipes could not be fitted in every fold');
});

test("the definition's own recipe is used if no recipe could be fitted", () => {
  const failed: RecipeScores = { scores: null, problem: 'no' };
  const tuning = chooseRecipe(planOf([recipe(0), recipe(5)]), [failed, failed], own);
  expect(tuning.chosen).toEqual(recipe(1));
  expect(tuning.words).toBe('all rows, l2 1, no class weights; no recipe could be fitted in every fold');
});

test("the definition's own recipe keeps to the windows that it allows if no recipe could be fitted", () => {
  const failed: RecipeScores = { scores: null, problem: 'no' };
  const plan = planOf([recipe(0, 'recent'), recipe(5, 'recent')], { change: '2024-01-31T00:00:00.000Z' });
  expect(chooseRecipe(plan, [failed, failed], own).chosen).toEqual(recipe(1, 'recent'));
});

test('the summary does not mention a change after which the recipes were not validated', () => {
  const plan = planOf([recipe(1), recipe(2)], { change: '2024-01-31T00:00:00.000Z' });
  const { words } = chooseRecipe(plan, [scores(0.6, 0.6), scores(0.5, 0.7)], own);
  expect(words).not.toContain('after the change');
});

test('a single recipe needs no scores, and its summary has the remarks', () => {
  const tuning = chooseRecipe(planOf([recipe(3, 'recent')], { remarks: ['as asked'] }), [], own);
  expect(tuning.chosen).toEqual(recipe(3, 'recent'));
  expect(tuning.words).toBe('recent rows, l2 3, no class weights; as asked');
});

test('the result is JSON without NaN or infinity, even with a single fold', () => {
  const tuning = chooseRecipe(planOf([recipe(1), recipe(2)]), [scores(0.6, 0.6), scores(0.5, 0.7)], own);
  expect(JSON.parse(canonicalJson(tuning))).toEqual(JSON.parse(JSON.stringify(tuning)));
});
