"""Names that have broken programs before, every one possible on a Linux server; collected from what went wrong."""

NAUGHTY = [
    # shells, options, paths
    "-rf", "--help", "~", "~root", "$HOME", "${IFS}", "`id`", "$(id)", "a;b", "a|b", "a&b", "a>b", "'", '"', "it's",
    "\\", "..\\up", "C:\\x", "C:x", "a:b", "a::$INDEX_ALLOCATION", "...", ". .", ".. ", " ..", "._x", ".hidden",
    # devices and what Windows cannot bear
    "CON", "con.exr", "NUL", "nul.tar.gz", "COM1", "COM¹.exr", "LPT9.", "AUX ", "CONOUT$", "x.", "x ", "x. .", "q?*<>|",
    # escapes that may be read twice
    "%", "%2e%2e", "%2E%2e%2fup", "a%00b", "%25", "100%", "%zz", "%C3%BC", "a+b", "a%20b", "#1", "a#b?c=d", "a&amp;b",
    # templates, formats, markup, queries
    "%s%n%x", "{0}", "{{7*7}}", "{project}", "<b>bold", "<img src=x onerror=alert(1)>", "<script>", "&lt;",
    "'; DROP TABLE task;--", "=1+1", "@everyone", "NULL", "None", "nan", "undefined", "true", "0", "-1", "1e309",
    # Unicode: composed and not, invisible, turning, wide, private, beyond the BMP
    "é.exr", "日本語.exr", "ﬁlm", "ß", "ı", "İ", "ﷺ", "𝒳.exr", "👩‍👩‍👧.exr", "\u200b", "\u200bx", "a\u00adb",
    "\ufeffbom",
    "evil\u202egpj.exe", "\u2066x\u2069", "\u3000", "\ue000", "\U0010ffff", "\ufffd", "\u0301", "Z͑ͫ̓ͪ̂ͫalgo",
    # control characters, and bytes that are no text
    "tab\there", "bell\x07", "esc\x1b[31mred", "del\x7f", "caf\udce9", "\udcff\udcfe", "ü\udcc3",
    "line\nbreak", "cr\rlf\n", "a\r\nDELE b",
    # length
    "x" * 255, "é" * 127,
]  # fmt: skip
