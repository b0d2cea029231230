// The page of a version: the verdict and every rule first, then the evidence, what happened, and the decision in reach.
import { evaluationsOf } from '../../../domain/decisions/comparison-body.ts';
import { address } from '../../address.ts';
import { intervals, type IntervalRow } from '../../charts/intervals.ts';
import { ago, counted, digest, ends, lasting, signed, three, time } from '../../format.ts';
import { html, type Html, joined, nothing } from '../../html.ts';
import { crumbs, csrfField, type Frame, type Page } from '../../parts/layout.ts';
import { facts, figures, notice, section, sign, table, tag } from '../../parts/parts.ts';
import { evidenceSections } from './evidence-sections.ts';
import {
  judgedRules,
  type JudgedRule,
  rulesSentence,
  verdictSentence,
  type VersionEvent,
  type VersionView,
} from './version-view.ts';

/** What the reader sent and why it was refused, to be shown with what they wrote. */
export interface RefusedDecision {
  readonly message: string;
  readonly remedy: string;
  readonly comment: string;
}

/** The page of a version. @param refused the decision that was just refused, if one was */
export function versionPage(
  view: VersionView,
  frame: Pick<Frame, 'csrf' | 'now'>,
  refused?: RefusedDecision,
): Page {
  const { model, version, waits } = view;
  const title = waits ? `Approve ${model} version ${version}?` : `${model} version ${version}`;
  return {
    title,
    section: waits ? 'approvals' : 'models',
    live: model,
    ...(waits && {
      skip: { to: view.mayDecide.state === 'may' ? '#comment' : '#decision', text: 'Skip to the decision' },
    }),
    body: html`${crumbs(html`<a href="${address.overview}">Models</a>`, html`<a href="${address.model(model)}">${model}</a>`, `version ${version}`)}
      <div id="head" data-part>
        <h1>${title} ${status(view, frame.now)}</h1>
        <p class="sub">${why(view)}</p>
      </div>
      ${verdict(view)}${alarms(view)}${rulesSection(view)}${evidenceSections(view)}${about(view)}${history(view)}${view.mayComment ? commentForm(view, frame) : nothing}${waits ? decision(view, frame, refused) : nothing}`,
  };
}

function status({ waits, evidence, stage }: VersionView, now: Date): Html {
  if (waits && evidence)
    return tag('wait', `waits · ${lasting(evidence.expiresAt.getTime() - now.getTime())} left`);
  switch (stage) {
    case 'Production':
      return tag('good', 'in Production');
    case 'Staging':
      return tag('now', 'in Staging');
    case 'Archived':
      return tag('quiet', 'archived');
    case 'None':
      return tag('quiet', 'not staged');
  }
}

/** Why it exists, and how many have agreed. */
function why({
  report,
  requestedBy,
  trigger,
  model,
  waits,
  evidence,
  approvedBy,
  createdAt,
}: VersionView): Html {
  const cause = report
    ? html`The <a href="${address.report(model, report.id)}">report of ${time(report.asOf, 'day')}</a> asked
        for it${report.reason !== null && html`: ${report.reason}`}.`
    : html`${requestedBy} asked for it on
      ${time(createdAt, 'day')}${trigger === '' ? '' : html` (${trigger})`}.`;
  const needed = evidence?.policy?.approvals ?? 1;
  if (!waits || needed === 1) return cause;
  const given =
    approvedBy.length === 0
      ? 'none is given yet'
      : `${counted(approvedBy.length, 'approval')} given (${approvedBy.join(', ')})`;
  return html`${cause} It takes ${needed} approvals: ${given}.`;
}

function verdict(view: VersionView): Html {
  const { comparison, version, championVersion, report } = view;
  const rules = judgedRules(view);
  const { strong, rest } = verdictSentence(view);
  const outcomes = html`<ul class="outcomes" aria-label="Outcome of every rule">
    ${rules.map(
      ({ name, outcome }) =>
        html`<li class="${outcome === 'failed' ? 'failed' : ''}">
          <a href="#rules">${sign(outcome)} ${name}</a>
        </li>`,
    )}
  </ul>`;
  if (!comparison)
    return html`<section class="sheet verdict" id="verdict" aria-label="Verdict">
      <div>
        <p class="say"><strong>${strong}</strong>${rest}</p>
      </div>
      ${outcomes}
    </section>`;
  const { decides } = evaluationsOf(comparison);
  const other = championVersion === null ? 'class prior' : `version ${championVersion}`;
  const rows: IntervalRow[] = [
    { label: `version ${version}`, kind: 'now', ...decides.candidateAuc },
    { label: other, kind: 'before', ...decides.championAuc },
  ];
  if (report?.promised) {
    const { low, high } = report.promised;
    rows.push({ label: 'promised', kind: 'band', value: (low + high) / 2, low, high });
  }
  return html`<section class="sheet verdict" id="verdict" aria-label="Verdict">
    <div>
      <p class="say"><strong>${strong}</strong>${rest} ${rulesSentence(rules)}</p>
      ${figures([
        {
          name: `AUC of version ${version}`,
          value: three(decides.candidateAuc.value),
          note: ends(decides.candidateAuc),
        },
        {
          name: other,
          value: three(decides.championAuc.value),
          note: championVersion === null ? 'guessing' : ends(decides.championAuc),
        },
        {
          name: 'difference',
          value: signed(decides.difference.value),
          note: `${signed(decides.difference.low)} to ${signed(decides.difference.high)}`,
        },
      ])}
    </div>
    <div>${intervals(rows, 'AUC')}</div>
    ${outcomes}
  </section>`;
}

function alarms({ decision }: VersionView): Html {
  const found = decision?.alarms ?? [];
  return found.length === 0
    ? nothing
    : html`${found.map((words) => notice('wait', html`<strong>Look at this before you decide.</strong> ${words}`))}`;
}

function rulesSection(view: VersionView): Html {
  const rules = judgedRules(view);
  if (rules.length === 0) return nothing;
  const number = (value: JudgedRule['rule']['value']): string =>
    value === null
      ? ''
      : typeof value === 'number'
        ? Number.isInteger(value)
          ? value.toLocaleString('en-US')
          : three(value)
        : value === 'made' || value === 'not applicable'
          ? ''
          : value;
  return section(
    'Rules',
    'rules',
    table(
      'Rules',
      [
        { name: html`<span class="hidden">Outcome</span>` },
        { name: 'Rule' },
        { name: 'Seen', number: true, wide: true },
        { name: 'Bound', number: true, wide: true },
        { name: 'Why' },
      ],
      rules.map(({ name, outcome, rule }) => [
        sign(outcome),
        name,
        number(rule.value),
        number(rule.bound),
        html`<span class="why">${rule.words}</span>`,
      ]),
      { tones: rules.map(({ outcome }) => (outcome === 'failed' ? 'hit' : undefined)), plainFirst: true },
    ),
  );
}

function about({
  training,
  trainer,
  definitionVersion,
  artifactDigest,
  requestedBy,
  evidence,
  model,
  version,
}: VersionView): Html {
  const links = html`<a href="${address.version(model, version)}/card.md" download>model card</a
    >${evidence && html`, <a href="${address.version(model, version)}/evidence.json" download>evidence</a>`}`;
  return section(
    'What it is',
    'about',
    html`<div class="sheet pad">
      ${facts([
        [
          'Trained on',
          html`${training.trainingRows.toLocaleString('en-US')} of ${training.rows.toLocaleString('en-US')}
          rows, ${time(training.from, 'day')} to ${time(training.to, 'day')}`,
        ],
        ['Trainer', trainer],
        ['Definition', `version ${definitionVersion}`],
        ['Requested by', requestedBy],
        ['Dataset', digest(training.digest)],
        ['Artifact', digest(artifactDigest)],
        ...(evidence ? ([['Evidence', html`<code class="whole">${evidence.digest}</code>`]] as const) : []),
        [
          'To keep',
          html`${links}; <code>tidegate proof export ${model} ${version}</code> makes a proof that can be
            checked without this installation`,
        ],
      ])}
    </div>`,
  );
}

function history({ events, model }: VersionView): Html {
  return section(
    'What happened',
    'history',
    html`<ol class="sheet events">
      ${events.map(event)}
    </ol>`,
    {
      live: true,
      note: html`Moves and decisions are also in the
        <a href="${address.model(model)}#moves">history of the model</a>, and in the audit log.`,
    },
  );
}

const event = ({ at, actor, what, text, tone }: VersionEvent): Html =>
  html`<li>
    ${time(at)}
    <div>
      ${actor !== null && html`<strong>${actor}</strong> `}${tone === 'alarm' ? html`<span class="off">${what}</span>` : what}${text !== '' && html`<q>${text}</q>`}
    </div>
  </li>`;

const commentForm = ({ model, version }: VersionView, { csrf }: Pick<Frame, 'csrf'>): Html =>
  html`<form class="sheet say-something" method="post" action="${address.version(model, version)}/comments">
    ${csrfField({ csrf })}<label for="say">Comment, without deciding</label
    ><textarea id="say" name="text" rows="1" maxlength="5000" required></textarea><button>Comment</button>
  </form>`;

function decision(view: VersionView, frame: Pick<Frame, 'csrf' | 'now'>, refused?: RefusedDecision): Html {
  const { model, version, mayDecide, evidence } = view;
  const problem =
    refused && notice('alarm', html`<strong>Not recorded:</strong> ${refused.message}. ${refused.remedy}`);
  if (mayDecide.state === 'may not' || !evidence)
    return html`<div class="sheet decide" id="decision">
      ${problem}
      <p>${mayDecide.state === 'may not' ? mayDecide.why : ''}</p>
    </div>`;
  const { missing, commentRequired, notApprove } = mayDecide;
  const promotes = missing <= 1 ? '' : `; ${counted(missing - 1, 'more approval')} will be needed`;
  return html`<form
    class="sheet decide"
    id="decision"
    method="post"
    action="${address.version(model, version)}/decision"
  >
    ${csrfField(frame)}<input
      type="hidden"
      name="evidenceDigest"
      value="${evidence.digest}"
    />${problem}${notApprove !== null && html`<p>${notApprove}.</p>`}
    <div>
      <label for="comment">Comment${commentRequired ? ', required' : ', required to reject'}${promotes}</label
      ><textarea
        id="comment"
        name="comment"
        rows="1"
        maxlength="2000"
        ${refused && html` aria-invalid="true"`}
        placeholder="What convinced you?"
      >
${refused?.comment ?? ''}</textarea>
    </div>
    <button class="danger" name="decision" value="reject">Reject</button
    >${notApprove === null && html`<button class="main" name="decision" value="approve">Approve version ${version}</button>`}
  </form>`;
}

/** The list of versions that wait, for the page of approvals. */
export interface WaitingVersion {
  readonly model: string;
  readonly version: number;
  readonly askedAt: Date;
  readonly expiresAt: Date;
  readonly summary: string;
  readonly mayDecide: boolean;
}

/** All versions that wait for a decision. */
export function approvalsPage(waiting: readonly WaitingVersion[], now: Date): Page {
  const rows = waiting.map(
    ({ model, version, askedAt, expiresAt, summary, mayDecide }) =>
      html`<li class="sheet call">
        <div>
          <strong><a href="${address.version(model, version)}">${model} version ${version}</a></strong>
          ${tag('wait', `${lasting(expiresAt.getTime() - now.getTime())} left`)}
          <p>${summary}</p>
          <p><small>asked ${ago(askedAt, now)}</small></p>
        </div>
        <a class="button${mayDecide ? ' main' : ''}" href="${address.version(model, version)}"
          >${mayDecide ? 'Decide' : 'Look'}<span class="hidden"> on ${model} version ${version}</span></a
        >
      </li>`,
  );
  return {
    title: 'Approvals',
    section: 'approvals',
    live: '',
    body: html`<div id="waiting" data-part>
      <h1>Approvals</h1>
      <p class="sub">
        ${
          waiting.length === 0
            ? 'Nothing waits for a decision.'
            : `${counted(waiting.length, 'version waits', 'versions wait')} for a decision, the one with the least time first. A version that nobody decides on is archived, never promoted.`
        }
      </p>
      ${
        rows.length > 0
          ? html`<ul class="calls">
              ${joined(rows, '')}
            </ul>`
          : nothing
      }
    </div>`,
  };
}
