/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A line editor for terminals that know backspace and little else: arrows,
 * Home, End, Delete, and the control characters of most shells. Portable.
 */
#include "line.h"

#include "words.h"

#define CONTROL(c) ((c) & 0x1f)
#define ESCAPE '\033'
#define DELETE_CHARACTER '\177'
enum escape { ESCAPE_NONE, ESCAPE_SEEN, ESCAPE_BRACKET };

static void show(struct line *line, const char *text, size_t len)
{
    line->show(line->ctx, text, len);
}

static void show_repeated(struct line *line, char c, size_t count)
{
    while (count-- > 0)
        show(line, &c, 1);
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
    if (line->len + 1 == LINE_BYTES)
        return;
    for (size_t i = line->len + 1; i > line->cursor; i--)
        line->text[i] = line->text[i - 1];
    line->text[line->cursor] = c;
    line->len++;
    show(line, &c, 1);
    line->cursor++;
    redraw_rest(line, 0);
}

static void delete_at_cursor(struct line *line)
{
    if (line->cursor == line->len)
        return;
    for (size_t i = line->cursor; i < line->len; i++)
        line->text[i] = line->text[i + 1];
    line->len--;
    redraw_rest(line, 1);
}

static void move_to(struct line *line, size_t cursor)
{
    if (cursor < line->cursor)
        show_repeated(line, '\b', line->cursor - cursor);
    else
        show(line, line->text + line->cursor, cursor - line->cursor);
    line->cursor = cursor;
}

static void backspace(struct line *line)
{
    if (line->cursor == 0)
        return;
    move_to(line, line->cursor - 1);
    delete_at_cursor(line);
}

static void replace(struct line *line, const char *text)
{
    size_t old = line->len;

    move_to(line, 0);
    (void)text_copy(line->text, sizeof(line->text), text);
    line->len = text_len(line->text);
    redraw_rest(line, old > line->len ? old - line->len : 0);
    move_to(line, line->len);
}

static size_t history_kept(const struct line *line)
{
    return line->history_count < LINE_HISTORY ? line->history_count : LINE_HISTORY;
}

static void history_go(struct line *line, bool back)
{
    if (back ? line->history_back == history_kept(line) : line->history_back == 0)
        return;
    line->history_back = back ? line->history_back + 1 : line->history_back - 1;
    replace(line, line->history_back == 0
                      ? ""
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

static void control(struct line *line, char c)
{
    switch (c) {
    case '\b':
    case DELETE_CHARACTER:
        backspace(line);
        break;
    case CONTROL('a'):
        move_to(line, 0);
        break;
    case CONTROL('b'):
        move_to(line, line->cursor - (line->cursor > 0));
        break;
    case CONTROL('c'):
    case CONTROL('u'):
        replace(line, "");
        break;
    case CONTROL('d'):
        delete_at_cursor(line);
        break;
    case CONTROL('e'):
        move_to(line, line->len);
        break;
    case CONTROL('f'):
        move_to(line, line->cursor + (line->cursor < line->len));
        break;
    case CONTROL('n'):
        history_go(line, false);
        break;
    case CONTROL('p'):
        history_go(line, true);
        break;
    default:
        break;
    }
}

/* The control character that does what an escape sequence's last byte asks; 0: none. */
static char escape_meaning(char last, char parameter)
{
    static const struct {
        char last, parameter, means;
    } meanings[] = {
        { 'A', 0, CONTROL('p') },   { 'B', 0, CONTROL('n') },   { 'C', 0, CONTROL('f') },
        { 'D', 0, CONTROL('b') },   { 'H', 0, CONTROL('a') },   { 'F', 0, CONTROL('e') },
        { '~', '1', CONTROL('a') }, { '~', '3', CONTROL('d') }, { '~', '4', CONTROL('e') },
    };

    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
        if (meanings[i].last == last && meanings[i].parameter == parameter)
            return meanings[i].means;
    return 0;
}

static void escape_byte(struct line *line, char c)
{
    if (line->escape == ESCAPE_SEEN) {
        line->escape = c == '[' || c == 'O' ? ESCAPE_BRACKET : ESCAPE_NONE;
        line->parameter = '\0';
        return;
    }
    if (c >= '0' && c <= '9') {
        line->parameter = c;
        return;
    }
    line->escape = ESCAPE_NONE;
    control(line, escape_meaning(c, line->parameter));
}

void line_begin(struct line *line)
{
    line->len = line->cursor = line->history_back = 0;
    line->text[0] = '\0';
    line->escape = ESCAPE_NONE;
}

bool line_put(struct line *line, char c)
{
    if (line->escape != ESCAPE_NONE) {
        escape_byte(line, c);
        return false;
    }
    if (c == '\r' || c == '\n') {
        show(line, "\n", 1);
        history_add(line);
        return true;
    }
    if (c == ESCAPE)
        line->escape = ESCAPE_SEEN;
    else if (c >= ' ' && c < DELETE_CHARACTER)
        insert(line, c);
    else
        control(line, c);
    return false;
}
