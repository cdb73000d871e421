// What is said of a check as a whole. Nothing that was not looked at is called correct.

/** Why something that was to be checked was not, or not by what was chosen: the names of crates/report/src/lack.rs. */
export function lacksOf({ stopped, troubles, packageTroubles, unread }) {
  const lacks = { stopped, unread: troubles.length, kind: unread.length, package: packageTroubles.length };
  return Object.keys(lacks).filter((name) => lacks[name]);
}

/**
 * The verdict: the name of its text, its numbers, and the colour of it. `files` and `resources` are those that were
 * checked.
 */
export function verdictOf(result) {
  const sum = (what) => result.cases.reduce((total, one) => total + one[what], 0);
  const [errors, warnings] = [sum("errors"), sum("warnings")];
  const faulty = new Set(result.cases.filter((one) => one.errors).map((one) => one.file)).size;
  const { files, resources } = result;
  const incomplete = lacksOf(result).length > 0;
  let key;
  if (errors) key = resources > 1 ? "with_errors" : "with_errors_in_one";
  else if (incomplete) key = !resources ? "nothing_checked" : warnings ? "no_errors_until_now_warnings" : "no_errors_until_now";
  else if (!resources) key = "nothing";
  else key = warnings ? "only_warnings" : "in_order";
  const kind = errors ? "error" : key === "in_order" ? "good" : "warning";
  return { key, kind, incomplete, errors, warnings, faulty, files, resources };
}
