/** The error among the answered that was measured at a threshold. */

/**
 * The curves measured with this very file, not with one that decides otherwise; of test slices first.
 * @param {object} model what `/models/{name}` says.
 * @param {function(object): boolean} has what the curves must hold.
 */
export function ownCurves(model, has) {
  const own = model.curves.filter((one) => one.decision_sha256 === model.decision_sha256 && has(one));
  return own.find((one) => one.split === "test") ?? own[0] ?? null;
}

/**
 * Look the threshold up in what a model's bundle says of itself.
 * @param {object|null} model what `/models/{name}` says.
 * @param {number} threshold
 * @returns {{error: number|null, interval: number[]|null, answerRate: number|null, threshold: number,
 *   n_slices: number, n_patients: number|null, split: string, protocol: string, data: string}|null}
 *   for the largest measured threshold not above the wanted one; null where nothing was measured.
 */
export function measuredError(model, threshold) {
  if (!model) return null;
  const data = model.training.data_title;
  const curves = ownCurves(model, (one) => one.risk.length);
  if (curves) {
    const row = lastNotAbove(curves.risk, threshold);
    return row && {
      error: row.error, interval: row.error_interval, answerRate: row.answer_rate, threshold: row.threshold,
      n_slices: curves.n_slices, n_patients: curves.n_patients, split: curves.split, protocol: curves.protocol,
      data: curves.data || data,
    };
  }
  return fromTable(model, threshold, data) ?? fromFigures(model, threshold, data);
}

function lastNotAbove(rows, threshold) {
  return rows.filter((row) => row.threshold <= threshold + 1e-9).at(-1) ?? null;
}

/** From the table made at calibration, which has no intervals. */
function fromTable(model, threshold, data) {
  const row = lastNotAbove(model.risk_coverage ?? [], threshold);
  if (!row || !model.calibration) return null;
  const { n_slices, n_patients, split, protocol } = model.calibration;
  return {
    error: row.error_among_answered ?? null, interval: null, answerRate: row.answer_rate,
    threshold: row.threshold, n_slices, n_patients, split, protocol, data,
  };
}

/** From the single figure at the model's own threshold. */
function fromFigures(model, threshold, data) {
  if (Math.abs(threshold - model.threshold) > 1e-9 || model.threshold !== model.thresholds.confidence) return null;
  const of = (name) => model.metrics.find((metric) => metric.name === name && metric.split === "test"
    && metric.class_id === null && metric.level === "slice" && metric.subgroup === null
    && metric.decision_sha256 === model.decision_sha256 && metric.value !== null);
  const figure = of("confident_accuracy");
  if (!figure) return null;
  return {
    error: 1 - figure.value,
    interval: figure.interval && [1 - figure.interval[1], 1 - figure.interval[0]],
    answerRate: of("confident")?.value ?? null,
    threshold: model.threshold, n_slices: figure.n_slices, n_patients: figure.n_patients,
    split: figure.split, protocol: figure.protocol, data,
  };
}
