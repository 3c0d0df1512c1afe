// Which of the pairs in a report of getStats() is in use.

/** @typedef {Record<string, any> & {id: string, type: string}} Entry */

/**
 * The pair is named by the transport, or flagged in Firefox.
 * @param {{get(id: string): any, values(): Iterable<any>}} report  by id
 * @returns {Entry | undefined}
 */
export function selectedPair(report) {
  let pair;
  for (const entry of report.values()) {
    if (entry.type === 'transport' && report.get(entry.selectedCandidatePairId)) return report.get(entry.selectedCandidatePairId);
    if (entry.type === 'candidate-pair' && (entry.selected || (entry.nominated && entry.state === 'succeeded'))) pair ??= entry;
  }
  return pair;
}
