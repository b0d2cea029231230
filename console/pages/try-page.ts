// Trying a prediction: one entity or one row, with what each feature adds, by one version or by two.
import { address } from '../address.ts';
import { counted, thousandths, time } from '../format.ts';
import { html, type Html, nothing } from '../html.ts';
import { crumbs, csrfField, type Frame, type Page } from '../parts/layout.ts';
import { facts, figures, notice, section, table, tag } from '../parts/parts.ts';

/** A field of the form. */
export interface TryField {
  readonly name: string;
  readonly type: 'numeric' | 'count' | 'category' | 'flag' | 'instant';
  /** Values that a category may have, if the definition lists them. */
  readonly values?: readonly string[];
}

/** What the reader filled in, by field; absent before the form was sent. */
export interface TryEntered {
  readonly keys: Readonly<Record<string, string>>;
  readonly features: Readonly<Record<string, string>>;
  readonly versus: string;
}

/** How one version answered. */
export interface TryAnswer {
  readonly version: number;
  readonly inProduction: boolean;
  readonly score: number;
  readonly positive: boolean;
  readonly threshold: number;
  /** By absolute value, largest first; null if the version is not a linear model. */
  readonly contributions: readonly { readonly feature: string; readonly logOdds: number }[] | null;
  readonly base: number | null;
}

/** A form with the answers to it. */
export interface TryView {
  readonly model: string;
  readonly keys: readonly string[];
  readonly fields: readonly TryField[];
  /** Versions that can be put beside the one in Production. */
  readonly others: readonly number[];
  readonly entered: TryEntered;
  readonly answers: readonly TryAnswer[];
  /** The features that were used, by name. */
  readonly used: Readonly<Record<string, string>>;
  /** The time of the stored row; null if the row was sent. */
  readonly asOf: Date | null;
  readonly missing: readonly string[];
  /** Why there is no answer. */
  readonly problem: { readonly message: string; readonly remedy: string } | null;
}

/** The page on which people try a prediction. */
export function tryPage(view: TryView, frame: Pick<Frame, 'csrf'>): Page {
  const { model, problem, answers } = view;
  return {
    title: `Try ${model}`,
    section: 'models',
    body: html`${crumbs(html`<a href="${address.overview}">Models</a>`, html`<a href="${address.model(model)}">${model}</a>`, 'try a prediction')}
      <h1>Try a prediction <span class="soft">of ${model}</span></h1>
      <p class="sub">Nothing that you try is written to the prediction log.</p>
      ${problem && notice('alarm', html`<strong>${problem.message}.</strong> ${problem.remedy}`)}${answers.length > 0 && result(view)}${form(view, frame)}`,
  };
}

function result(view: TryView): Html {
  const { answers, asOf, missing } = view;
  return section(
    'Answer',
    'answer',
    html`${figures(
        answers.map(({ version, inProduction, score, positive, threshold }) => ({
          name: html`version ${version}${inProduction && html` ${tag('good', 'in Production')}`}`,
          value: thousandths(score),
          note: `${positive ? 'positive' : 'negative'}: the threshold is ${thousandths(threshold)}`,
        })),
      )}
      <div class="row">
        ${facts([
          ['Row', asOf === null ? 'as it was sent' : html`the stored row of ${time(asOf)}`],
          ['Missing', missing.length === 0 ? 'nothing' : missing.join(', ')],
        ])}
      </div>
      ${contributions(view)}`,
  );
}

function contributions({ answers, used }: TryView): Html {
  const explained = answers.filter(({ contributions: list }) => list !== null);
  const [first] = explained;
  if (!first) return notice('quiet', 'What each feature adds is known for linear models only.');
  const byFeature = explained.map(
    ({ contributions: list }) => new Map(list!.map((each) => [each.feature, each.logOdds])),
  );
  const names = [
    ...new Set(explained.flatMap(({ contributions: list }) => list!.map(({ feature }) => feature))),
  ];
  return table(
    'What each feature adds to the log-odds',
    [
      { name: 'Feature' },
      { name: 'Value', number: true },
      ...explained.map(({ version }) => ({ name: `adds in version ${version}`, number: true })),
    ],
    [
      ...names.map((name) => [
        name,
        used[name] ?? html`<span class="soft">missing</span>`,
        ...byFeature.map((of) => (of.has(name) ? added(of.get(name)!) : 'not a feature')),
      ]),
      [
        html`<span class="soft">a row of means</span>`,
        '',
        ...explained.map(({ base }) => thousandths(base ?? 0)),
      ],
    ],
  );
}

const added = (logOdds: number): string => `${logOdds >= 0.000_5 ? '+' : ''}${thousandths(logOdds)}`;

function form({ model, keys, fields, others, entered }: TryView, frame: Pick<Frame, 'csrf'>): Html {
  const text = (name: string, label: string, value: string): Html =>
    html`<label class="field"
      ><span>${label}</span><input name="${name}" value="${value}" maxlength="1000" autocomplete="off"
    /></label>`;
  const choices = (
    name: string,
    label: string,
    options: readonly (readonly [string, string])[],
    chosen: string,
  ): Html =>
    html`<label class="field"
      ><span>${label}</span
      ><select name="${name}">
        ${options.map(([value, words]) => html`<option value="${value}" ${value === chosen ? html` selected` : ''}>${words}</option>`)}
      </select></label
    >`;
  const field = ({ name, type, values }: TryField): Html => {
    const value = entered.features[name] ?? '';
    if (type === 'flag')
      return choices(
        `value ${name}`,
        name,
        [
          ['', ''],
          ['true', 'yes'],
          ['false', 'no'],
        ],
        value,
      );
    if (values)
      return choices(
        `value ${name}`,
        name,
        [['', ''], ...values.map((each) => [each, each] as const)],
        value,
      );
    return text(`value ${name}`, name, value);
  };
  return html`<form class="fields" method="post" action="${address.try(model)}#answer">
    ${csrfField(frame)}
    <fieldset class="sheet pad">
      <legend>Entity</legend>
      ${keys.map((key) => text(`key ${key}`, key, entered.keys[key] ?? ''))}
      <p class="sub">
        With a key, the stored values are used, and those below replace them. Without one, a value that is
        left out is missing.
      </p>
    </fieldset>
    <fieldset class="sheet pad">
      <legend>${counted(fields.length, 'value')}</legend>
      <div class="field-grid">${fields.map(field)}</div>
    </fieldset>
    ${others.length > 0 ? choices('versus', 'Beside the version in Production', [['', 'no other version'], ...others.map((version) => [String(version), `version ${version}`] as const)], entered.versus) : nothing}
    <button class="main">Predict</button>
  </form>`;
}
