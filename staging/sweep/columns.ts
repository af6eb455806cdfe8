/** A column's name: it becomes a variable of the worker's environment. */
export const COLUMN_PATTERN = "^[A-Za-z_][A-Za-z0-9_]{0,63}$";

/** More columns are unlikely to be parameters; each one is a variable of every process of the command. */
export const MAX_COLUMNS = 256;

const NAME = new RegExp(COLUMN_PATTERN);

/**
 * Variables that a column must not set, because they change the worker, its shell, its AWS CLI or the dynamic linker.
 * Names of variables are case-sensitive; only proxies have both spellings.
 */
const RESERVED: readonly (readonly [RegExp, string])[] = [
  [/^(SWEEP|STAGED|SPAWN)_/, "spawn sets it, or may set it later"],
  [/^(PARAM_(SET|FILE)|RESULTS_DIR)$/, "spawn sets it"],
  [/^(AWS|BOTO)_/, "the AWS CLI and the SDKs read it"],
  [/^(LD|DYLD|GCONV|GLIBC|MALLOC|GETCONF)_/, "the dynamic linker and the C library read it"],
  [
    /^(LOCPATH|NLSPATH|HOSTALIASES|LOCALDOMAIN|RES_OPTIONS|RESOLV_HOST_CONF|TZDIR)$/,
    "the C library reads it",
  ],
  [/^BASH/, "bash reads it at its start"],
  [/^(PATH|IFS|HOME|ENV|SHELL|SHELLOPTS|CDPATH|PWD|OLDPWD|PS[0-4]|OPT(IND|ARG|ERR)|_)$/, "the shell uses it"],
  [
    /^(UID|EUID|PPID|GROUPS|RANDOM|SRANDOM|SECONDS|LINENO|PIPESTATUS|FUNCNAME|FUNCNEST|DIRSTACK)$/,
    "bash sets it",
  ],
  [
    /^(POSIXLY_CORRECT|PROMPT_COMMAND|GLOBIGNORE|EXECIGNORE|HISTFILE|TMOUT|MAIL|MAILPATH)$/,
    "the shell uses it",
  ],
  [/^(USER|LOGNAME|HOSTNAME|TERM|TMPDIR|TZ|LANG|LANGUAGE)$/, "the system sets it"],
  [/^(LC|XDG|DBUS|SUDO|LISTEN|JOURNAL|SYSTEMD|WATCHDOG)_/, "the system sets it"],
  [/^(NOTIFY_SOCKET|INVOCATION_ID|MAINPID|MANAGERPID)$/, "systemd sets it"],
  [/^PYTHON/, "Python reads it, and the AWS CLI is written in Python"],
  [/^(SSL|CURL|OPENSSL|REQUESTS)_/, "TLS clients read it"],
  [/^(HTTPS?|ALL|NO|FTP)_PROXY$/i, "network clients read it"],
  [
    /^(NODE_OPTIONS|NODE_PATH|PERL5LIB|PERL5OPT|RUBYLIB|RUBYOPT|_?JAVA_(TOOL_)?OPTIONS|JDK_JAVA_OPTIONS)$/,
    "an interpreter reads it at its start",
  ],
];

/** The reason why `name` cannot name a column; undefined if it can. */
export function columnProblem(name: string): string | undefined {
  if (name === "") return "it is empty";
  if (!NAME.test(name)) {
    return "a column is a variable of the command, so its name has 1 to 64 letters, digits and underscores and does not begin with a digit";
  }
  const reason = RESERVED.find(([pattern]) => pattern.test(name))?.[1];
  return reason === undefined ? undefined : `the variable is reserved: ${reason}`;
}

/** The reason why `value` cannot be the value of a variable; undefined if it can. */
export function valueProblem(value: string): string | undefined {
  if (value.includes("\0")) return "the character NUL cannot be in a variable";
  return value.isWellFormed() ? undefined : "half of a surrogate pair has no form in UTF-8";
}
