/* SPDX-License-Identifier: BSD-2-Clause */
/* line.c: what is typed, what the line becomes, and what a terminal then shows. */
#include "test.h"

#include "line.h"

/* A terminal of one row: characters overwrite, \b goes left. */
static char screen[512];
static size_t column;

static void terminal(void *ctx, const char *text, size_t len)
{
    (void)ctx;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\b')
            column--;
        else if (text[i] != '\n')
            screen[column++] = text[i];
        CHECK(column < sizeof(screen));
    }
}

static struct line editor;

static void begin(void)
{
    memset(&editor, 0, sizeof(editor));
    editor.show = terminal;
    line_begin(&editor);
    memset(screen, 0, sizeof(screen));
    column = 0;
}

static bool type(const char *text)
{
    bool done = false;

    for (; *text; text++)
        done = line_put(&editor, *text);
    return done;
}

/* The line, and the terminal showing just that with the cursor in the right place. */
static void check_line(const char *text, size_t cursor)
{
    size_t shown = strlen(screen);

    CHECK_STR(editor.text, text);
    CHECK_EQ(editor.cursor, cursor);
    CHECK_EQ(column, cursor);
    while (shown > 0 && screen[shown - 1] == ' ')
        screen[--shown] = '\0';
    CHECK_STR(screen, text);
}

TEST(typing_and_return)
{
    begin();
    CHECK(!type("help"));
    check_line("help", 4);
    CHECK(type("\r"));
    CHECK_STR(editor.text, "help");
}

TEST(backspace_and_insert_in_the_middle)
{
    begin();
    type("lsxpci");
    type("\033[D\033[D\033[D\b");
    check_line("lspci", 2);
    type("__");
    check_line("ls__pci", 4);
    type("\177\177");
    check_line("lspci", 2);
}

TEST(home_end_delete)
{
    begin();
    type("abc\033[H\033[3~");
    check_line("bc", 0);
    type("\b");
    check_line("bc", 0);
    type("\033[Fd\004");
    check_line("bcd", 3);
    type("\033[1~x\033[4~y");
    check_line("xbcdy", 5);
    type("\033OD\033[C\033[C\033[C");
    check_line("xbcdy", 5);
}

TEST(history_goes_up_and_down)
{
    begin();
    type("one\r");
    line_begin(&editor);
    type("two\r");
    line_begin(&editor);
    memset(screen, 0, sizeof(screen));
    column = 0;
    type("\033[A");
    check_line("two", 3);
    type("\033[A");
    check_line("one", 3);
    type("\033[A");
    check_line("one", 3);
    type("\033[B\033[B");
    check_line("", 0);
    type("\033[B");
    check_line("", 0);
}

TEST(history_keeps_the_newest_and_no_repeats)
{
    char text[8];

    begin();
    for (unsigned i = 0; i < LINE_HISTORY + 3; i++) {
        snprintf(text, sizeof(text), "n%u\r", i);
        type(text);
        line_begin(&editor);
        type(text);
        line_begin(&editor);
    }
    column = 0;
    for (unsigned i = 0; i < LINE_HISTORY + 3; i++)
        type("\033[A");
    CHECK_STR(editor.text, "n3");
}

TEST(a_full_line_takes_no_more)
{
    begin();
    for (unsigned i = 0; i < 2 * LINE_BYTES; i++)
        line_put(&editor, 'x');
    CHECK_EQ(strlen(editor.text), LINE_BYTES - 1);
    CHECK_EQ(column, LINE_BYTES - 1);
}

TEST(unknown_sequences_and_bytes_do_nothing)
{
    begin();
    type("a\033[Z\033x\033[15~\001\005\007\xff");
    check_line("a", 1);
    type("\025");
    check_line("", 0);
}
