/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A line editor for terminals that know backspace and little else: arrows,
 * Home, End, Delete, and the control characters of most shells; completion by
 * Tab. Sequences are those of VT100 and what grew out of it (ECMA-48 §5.4).
 * Left out: lines longer than a row of the terminal are not redrawn across its
 * edge. Portable.
 */
#include "line.h"

#include "words.h"

#define CONTROL(c) ((c) & 0x1f)
#define ESCAPE '\033'
#define DELETE_CHARACTER '\177'
enum escape { ESCAPE_NONE, ESCAPE_SEEN, ESCAPE_NUMBERS, ESCAPE_LETTER };

#define PARAMETER_MAX 1000u

static void show(struct line *line, const char *text, size_t len)
{
    line->show(line->ctx, text, len);
}

static void show_repeated(struct line *line, char c, size_t count)
{
    while (count-- > 0)
        show(line, &c, 1);
}

static void show_text(struct line *line, const char *text)
{
    show(line, text, text_len(text));
}

/*
 * Draws from the cursor to the end, then erased cells of an older text, and puts the cursor back.
 */
static void redraw_rest(struct line *line, size_t erased)
{
    show(line, line->text + line->cursor, line->len - line->cursor);
    show_repeated(line, ' ', erased);
    show_repeated(line, '\b', line->len - line->cursor + erased);
}

static void insert(struct line *line, char c)
{
    if (line->len + 1 == LINE_BYTES) {
        line->too_long = true;
        return;
    }
    for (size_t i = line->len + 1; i > line->cursor; i--)
        line->text[i] = line->text[i - 1];
    line->text[line->cursor] = c;
    line->len++;
    show(line, &c, 1);
    line->cursor++;
    redraw_rest(line, 0);
}

static void move_to(struct line *line, size_t cursor)
{
    if (cursor < line->cursor)
        show_repeated(line, '\b', line->cursor - cursor);
    else
        show(line, line->text + line->cursor, cursor - line->cursor);
    line->cursor = cursor;
}

/* Takes out what lies from there to end; the cursor goes there. */
static void cut(struct line *line, size_t start, size_t end)
{
    if (start == end)
        return;
    line->too_long = false;
    move_to(line, start);
    for (size_t i = end; i <= line->len; i++)
        line->text[start + i - end] = line->text[i];
    line->len -= end - start;
    redraw_rest(line, end - start);
}

static void replace(struct line *line, const char *text)
{
    size_t old = line->len;

    line->too_long = false;
    move_to(line, 0);
    (void)text_copy(line->text, sizeof(line->text), text);
    line->len = text_len(line->text);
    redraw_rest(line, old > line->len ? old - line->len : 0);
    move_to(line, line->len);
}

static size_t word_start(const struct line *line)
{
    size_t at = line->cursor;

    while (at > 0 && line->text[at - 1] != ' ')
        at--;
    return at;
}

static void cut_word(struct line *line)
{
    size_t end = line->cursor, at = end;

    while (at > 0 && line->text[at - 1] == ' ')
        at--;
    while (at > 0 && line->text[at - 1] != ' ')
        at--;
    cut(line, at, end);
}

/* ---- history ---- */

static size_t history_kept(const struct line *line)
{
    return line->history_count < LINE_HISTORY ? line->history_count : LINE_HISTORY;
}

static void history_go(struct line *line, bool back)
{
    if (back ? line->history_back == history_kept(line) : line->history_back == 0)
        return;
    if (line->history_back == 0)
        (void)text_copy(line->kept, sizeof(line->kept), line->text);
    line->history_back = back ? line->history_back + 1 : line->history_back - 1;
    replace(line, line->history_back == 0
                      ? line->kept
                      : line->history[(line->history_count - line->history_back) % LINE_HISTORY]);
}

/* Empty lines, and the one that was just given, are not worth a place. */
static void history_add(struct line *line)
{
    if (line->len == 0)
        return;
    if (line->history_count > 0 &&
        text_equal(line->history[(line->history_count - 1) % LINE_HISTORY], line->text))
        return;
    (void)text_copy(line->history[line->history_count++ % LINE_HISTORY], LINE_BYTES, line->text);
}

/* ---- completion ---- */

/* The next candidate from *n on that begins as the word does; false: there is none. */
static bool next_match(struct line *line, size_t start, size_t *n, char out[LINE_BYTES])
{
    size_t len = line->cursor - start;

    while (line->candidate(line->ctx, line->text, start, (*n)++, out, LINE_BYTES)) {
        size_t same = 0;

        while (same < len && out[same] == line->text[start + same])
            same++;
        if (same == len)
            return true;
    }
    return false;
}

static size_t common_len(const char *a, const char *b)
{
    size_t len = 0;

    while (a[len] != '\0' && a[len] == b[len])
        len++;
    return len;
}

/* Shows them on rows of their own, then the line anew. */
static void list_matches(struct line *line, size_t start)
{
    char match[LINE_BYTES];
    size_t n = 0, cursor = line->cursor;

    show_text(line, "\n");
    while (next_match(line, start, &n, match)) {
        show_text(line, match);
        show_text(line, "  ");
    }
    show_text(line, "\n");
    if (line->prompt != NULL)
        show_text(line, line->prompt);
    show(line, line->text, line->len);
    line->cursor = line->len;
    move_to(line, cursor);
}

static void complete(struct line *line)
{
    char first[LINE_BYTES], match[LINE_BYTES];
    size_t start = word_start(line), n = 0, typed = line->cursor - start, common;
    bool several = false;

    if (line->candidate == NULL || !next_match(line, start, &n, first))
        return;
    for (common = text_len(first); next_match(line, start, &n, match); several = true) {
        size_t len = common_len(first, match);

        common = len < common ? len : common;
    }
    if (several && common == typed) {
        list_matches(line, start);
        return;
    }
    for (size_t i = typed; i < common; i++)
        insert(line, first[i]);
    if (!several && line->text[line->cursor] != ' ')
        insert(line, ' ');
}

/* ---- keys ---- */

static void control(struct line *line, char c)
{
    switch (c) {
    case '\b':
    case DELETE_CHARACTER:
        cut(line, line->cursor - (line->cursor > 0), line->cursor);
        break;
    case '\t':
        complete(line);
        break;
    case CONTROL('a'):
        move_to(line, 0);
        break;
    case CONTROL('b'):
        move_to(line, line->cursor - (line->cursor > 0));
        break;
    case CONTROL('d'):
        cut(line, line->cursor, line->cursor + (line->cursor < line->len));
        break;
    case CONTROL('e'):
        move_to(line, line->len);
        break;
    case CONTROL('f'):
        move_to(line, line->cursor + (line->cursor < line->len));
        break;
    case CONTROL('k'):
        cut(line, line->cursor, line->len);
        break;
    case CONTROL('n'):
        history_go(line, false);
        break;
    case CONTROL('p'):
        history_go(line, true);
        break;
    case CONTROL('u'):
        cut(line, 0, line->cursor);
        break;
    case CONTROL('w'):
        cut_word(line);
        break;
    default:
        break;
    }
}

/* The control character that does what an escape sequence's last byte asks; 0: none. */
static char escape_meaning(char last, unsigned parameter)
{
    static const char letters[] = { 'A', CONTROL('p'), 'B', CONTROL('n'), 'C', CONTROL('f'),
                                    'D', CONTROL('b'), 'H', CONTROL('a'), 'F', CONTROL('e') };
    static const char tildes[] = { 0, CONTROL('a'), 0,           CONTROL('d'), CONTROL('e'), 0,
                                   0, CONTROL('a'), CONTROL('e') };

    if (last == '~')
        return parameter < sizeof(tildes) ? tildes[parameter] : '\0';
    for (size_t i = 0; i < sizeof(letters); i += 2)
        if (letters[i] == last)
            return letters[i + 1];
    return '\0';
}

static void escape_number(struct line *line, char c)
{
    if (c < '0' || c > '9')
        line->more_parameters = true;
    else if (!line->more_parameters && line->parameter < PARAMETER_MAX)
        line->parameter = line->parameter * 10 + (unsigned)(c - '0');
}

/* Bytes 20h to 3Fh go on with "ESC [", all others end it. */
static void escape_byte(struct line *line, char c)
{
    if (line->escape == ESCAPE_SEEN) {
        line->escape = c == '[' ? ESCAPE_NUMBERS : c == 'O' ? ESCAPE_LETTER : ESCAPE_NONE;
        line->parameter = 0;
        line->more_parameters = false;
        return;
    }
    if (line->escape == ESCAPE_NUMBERS && c < '@') {
        escape_number(line, c);
        return;
    }
    line->escape = ESCAPE_NONE;
    control(line, escape_meaning(c, line->parameter));
}

void line_begin(struct line *line)
{
    line->len = line->cursor = line->history_back = 0;
    line->too_long = false;
    line->text[0] = '\0';
    line->escape = ESCAPE_NONE;
    if (line->prompt != NULL)
        show_text(line, line->prompt);
}

void line_idle(struct line *line)
{
    if (line->escape == ESCAPE_SEEN)
        line->escape = ESCAPE_NONE;
}

static enum line_state empty(struct line *line)
{
    line->len = line->cursor = 0;
    line->text[0] = '\0';
    return LINE_DONE;
}

/* Half of a command may be another command. */
static enum line_state end_line(struct line *line)
{
    show_text(line, "\n");
    history_add(line);
    if (!line->too_long)
        return LINE_DONE;
    show_text(line, "the line is longer than 127 characters: it is not run\n");
    return empty(line);
}
_Static_assert(LINE_BYTES == 128, "the number above");

/* The line is forgotten. */
static enum line_state cancel(struct line *line)
{
    move_to(line, line->len);
    show_text(line, "^C\n");
    return empty(line);
}

enum line_state line_put(struct line *line, char c)
{
    bool is_text = c >= ' ' && c < DELETE_CHARACTER, after_return = line->after_return;

    line->after_return = c == '\r';
    if (line->escape != ESCAPE_NONE && is_text) {
        escape_byte(line, c);
        return LINE_OPEN;
    }
    /* A control character in a sequence that was cut off means itself. */
    line->escape = ESCAPE_NONE;
    if (c == '\n' && after_return)
        return LINE_OPEN;
    if (c == '\r' || c == '\n')
        return end_line(line);
    if (c == CONTROL('c'))
        return cancel(line);
    if (c == CONTROL('d') && line->len == 0) {
        show_text(line, "\n");
        return LINE_CLOSED;
    }
    if (c == ESCAPE)
        line->escape = ESCAPE_SEEN;
    else if (is_text)
        insert(line, c);
    else
        control(line, c);
    return LINE_OPEN;
}
