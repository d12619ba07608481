/* SPDX-License-Identifier: BSD-2-Clause */
/* line.c: what is typed, what the line becomes, and what a terminal then shows. */
#include "test.h"

#include "line.h"

/* A terminal of one row: characters overwrite, \b goes left. */
static char screen[512];
static size_t column;
/* The rows before. */
static char rows[2048];

static void new_row(void)
{
    snprintf(rows + strlen(rows), sizeof(rows) - strlen(rows), "%s\n", screen);
    memset(screen, 0, sizeof(screen));
    column = 0;
}

static void terminal(void *ctx, const char *text, size_t len)
{
    (void)ctx;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\b')
            CHECK(column-- > 0);
        else if (text[i] == '\n')
            new_row();
        else
            screen[column++] = text[i];
        CHECK(column < sizeof(screen));
    }
}

static struct line editor;

static void begin(void)
{
    memset(&editor, 0, sizeof(editor));
    editor.show = terminal;
    memset(screen, 0, sizeof(screen));
    rows[0] = '\0';
    column = 0;
    line_begin(&editor);
}

static bool type(const char *text)
{
    enum line_state state = LINE_OPEN;

    for (; *text; text++)
        state = line_put(&editor, *text);
    return state == LINE_DONE;
}

/* The line, and the terminal showing just that with the cursor in the right place. */
static void check_line(const char *text, size_t cursor)
{
    size_t shown = strlen(screen);

    CHECK_STR(editor.text, text);
    CHECK_EQ(editor.cursor, cursor);
    CHECK_EQ(column, cursor);
    while (shown > strlen(text) && screen[shown - 1] == ' ')
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

/* Half of a command is another command: what did not fit is not left out in silence. */
TEST(a_line_that_is_too_long_is_no_command)
{
    char text[LINE_BYTES + 2];

    memset(text, 'a', LINE_BYTES);
    text[LINE_BYTES - 1] = '\0';
    begin();
    CHECK(!type(text));
    CHECK(type("\r"));                 /* the last that fits */
    CHECK_EQ(editor.len, LINE_BYTES - 1);
    line_begin(&editor);
    CHECK(!type(text));
    CHECK(!type("b"));
    CHECK(type("\r"));
    CHECK_EQ(editor.len, 0);
    CHECK_STR(editor.text, "");
    CHECK(strstr(rows, "the line is longer than 127 characters: it is not run\n") != NULL);
    /* It can be had again, and is run as what it is then. */
    line_begin(&editor);
    CHECK(!type("\033[A"));
    CHECK_STR(editor.text, text);
    CHECK(type("\r"));
    CHECK_STR(editor.text, text);
    /* Whoever has seen that it is full and takes something away means what is left. */
    line_begin(&editor);
    CHECK(!type(text));
    CHECK(!type("b\b"));
    CHECK(type("\r"));
    CHECK_EQ(editor.len, LINE_BYTES - 2);
}

TEST(unknown_sequences_and_bytes_do_nothing)
{
    begin();
    type("a\033[Z\033x\033[15~\033[21~\033[2J\033OP\033[9999999999~\001\005\007\xff");
    check_line("a", 1);
    type("\025");
    check_line("", 0);
}

TEST(kill_to_either_end_and_a_word)
{
    begin();
    type("iommu walk 00:03.0\033[D\033[D\033[D");
    type("\013");
    check_line("iommu walk 00:0", 15);
    type("\027");
    check_line("iommu walk ", 11);
    type("\027");
    check_line("iommu ", 6);
    type("x y\033[D\025");
    check_line("y", 0);
    type("\013\013\025\027");
    check_line("", 0);
}

TEST(ctrl_c_forgets_the_line)
{
    begin();
    type("one\r");
    line_begin(&editor);
    CHECK(type("nonsense\033[D\033[D\003"));
    CHECK_STR(editor.text, "");
    CHECK(strstr(rows, "nonsense^C\n") != NULL);
    line_begin(&editor);
    type("\033[A");
    check_line("one", 3);
}

TEST(ctrl_d_closes_an_empty_line_only)
{
    begin();
    CHECK_EQ(line_put(&editor, 'x'), LINE_OPEN);
    CHECK_EQ(line_put(&editor, '\004'), LINE_OPEN);
    CHECK_EQ(line_put(&editor, '\b'), LINE_OPEN);
    CHECK_EQ(line_put(&editor, '\004'), LINE_CLOSED);
}

TEST(a_line_feed_after_a_return_is_no_line)
{
    begin();
    CHECK(type("one\r"));
    line_begin(&editor);
    CHECK(!type("\n"));
    CHECK(type("two\n"));
    line_begin(&editor);
    CHECK(type("\n"));
}

/* Each sequence cut at each place by what begins anew: it does nothing, and what follows is whole. */
TEST(sequences_cut_anywhere)
{
    static const char *const sequences[] = { "\033[D", "\033OD", "\033[3~", "\033[1;5D", "\033[200~" };

    for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
        for (size_t len = 1; len < strlen(sequences[i]); len++) {
            char cut[16];

            snprintf(cut, sizeof(cut), "%.*s", (int)len, sequences[i]);
            begin();
            type("ab");
            type(cut);
            CHECK(type("\r"));             /* a return is not part of it */
            CHECK_STR(editor.text, "ab");
            begin();
            type("ab");
            type(cut);
            type("\033[Dx");              /* nor is another sequence */
            check_line("axb", 2);
        }
    }
}

TEST(sequences_may_come_slowly)
{
    begin();
    type("ab\033");
    line_idle(&editor);     /* the Escape key */
    type("c");
    check_line("abc", 3);
    type("\033[");
    line_idle(&editor);
    type("D");
    check_line("abc", 2);
}

TEST(numbers_behind_the_first_do_not_matter)
{
    begin();
    type("ab\033[1;5Dc\033[3;2~");
    check_line("ac", 2);
    type("\033[7~x\033[8~y");
    check_line("xacy", 4);
}

TEST(history_keeps_the_line_that_was_begun)
{
    begin();
    type("one\r");
    line_begin(&editor);
    type("unfinished\033[A");
    check_line("one", 3);
    type("\033[B");
    check_line("unfinished", 10);
}

static bool candidate(void *ctx, const char *text, size_t start, size_t n, char *out, size_t size)
{
    static const char *const first[] = { "iommu", "irqs", "lspci", "list", "irq" }, *const second[] = { "walk", "ls" };

    (void)ctx;
    if (n >= (start == 0 ? 5u : 2u) || (start > 0 && strncmp(text, "iommu ", 6) != 0))
        return false;
    snprintf(out, size, "%s", start == 0 ? first[n] : second[n]);
    return true;
}

TEST(tab_completes)
{
    begin();
    editor.candidate = candidate;
    type("io\t");
    check_line("iommu ", 6);
    type("w\t");
    check_line("iommu walk ", 11);
    type("zz\t");
    check_line("iommu walk zz", 13);
    type("\025ir\t");
    check_line("irq", 3);
    CHECK_STR(rows, "");
    type("\025lsp x\033[D\033[D\t");
    check_line("lspci x", 5);
    type("\t");
    check_line("lspci x", 5);
}

TEST(tab_lists_what_is_left)
{
    begin();
    editor.candidate = candidate;
    editor.prompt = "> ";
    type("i\t");
    CHECK_STR(rows, "i\niommu  irqs  irq  \n");
    CHECK_STR(screen, "> i");
    CHECK_EQ(column, 3);
    type("r\t\t");
    CHECK(strstr(rows, "> irq\nirqs  irq  \n") != NULL);
    CHECK_STR(screen, "> irq");
    type("s\t");
    CHECK_STR(screen, "> irqs ");
}

TEST(tab_without_candidates_or_room)
{
    begin();
    type("i\t");
    check_line("i", 1);
    editor.candidate = candidate;
    type("\025");
    for (unsigned i = 0; i < LINE_BYTES - 3; i++)
        line_put(&editor, ' ');
    type("\001io\t");
    CHECK_EQ(strlen(editor.text), LINE_BYTES - 1);
}
