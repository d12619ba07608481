/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From top to bottom: title, machine, units, progress, counts, the console's
 * newest lines, keys. When the run is over the result and the verdict stand
 * above the lines in large letters, and the QR code beside them where its dots
 * are not too small for a camera. Portable.
 */
#include "dashboard.h"

#include "format.h"
#include "words.h"

#define COLUMNS_LEAST 60u
#define ROWS_LEAST 24u
#define LABEL_COLUMNS 10u
#define LINE_BYTES 160u
#define MODULE_PIXELS 3u /* of a QR code, at least */
#define WINDOW_ROWS_LEAST 4u
#define REASON_ROWS 4u
#define SECOND_US 1000000u
#define ROWS_AMPLE 32u /* from here on there is room for empty rows */

bool dashboard_fits(const struct panel *panel)
{
    return panel->columns >= COLUMNS_LEAST && panel->rows >= ROWS_LEAST;
}

/* ---- lines ---- */

static void bar(struct panel *panel, unsigned row, const char *left, const char *right)
{
    unsigned len = (unsigned)text_len(right);

    panel_fill(panel, row, 0, panel->columns, PANEL_WHITE, PANEL_BLUE);
    if (len + 2 <= panel->columns)
        panel_text(panel, row, panel->columns - len - 1, len, PANEL_WHITE, right);
    panel_text(panel, row, 1, panel->columns - 2, PANEL_WHITE, left);
}

static void labelled(struct panel *panel, unsigned row, const char *label, const char *text)
{
    panel_text(panel, row, 1, LABEL_COLUMNS, PANEL_DIM, label);
    panel_text(panel, row, LABEL_COLUMNS, panel->columns - LABEL_COLUMNS, PANEL_GREY, text);
}

/* Rows left empty between groups of lines. */
static unsigned gap(const struct panel *panel)
{
    return panel->rows >= ROWS_AMPLE;
}

static unsigned draw_machine(const struct dashboard *d, struct panel *panel, unsigned row)
{
    char line[LINE_BYTES];

    bar(panel, row++, d->title, d->over ? "the run is over" : "running");
    row += gap(panel);
    format_line(line, sizeof(line), "%s, %u of %u processors", d->processor, d->online, d->named);
    labelled(panel, row++, "CPU", line);
    format_line(line, sizeof(line), "%llu MiB", (unsigned long long)d->ram_mib);
    labelled(panel, row++, "Memory", line);
    labelled(panel, row++, "Firmware", d->firmware);
    return row + gap(panel);
}

/* ---- units ---- */

enum unit_column {
    UNIT_NAME = 1,
    UNIT_VENDOR = 10,
    UNIT_BASE = 18,
    UNIT_TRANSLATES = 32,
    UNIT_REMAPS = 45,
    UNIT_FAULTS = 56
};

static void yes_or_no(struct panel *panel, unsigned row, unsigned column, bool yes)
{
    panel_text(panel, row, column, 3, yes ? PANEL_GREEN : PANEL_RED, yes ? "yes" : "no");
}

static void draw_unit(const struct dashboard_unit *unit, struct panel *panel, unsigned row)
{
    char text[24];

    panel_text(panel, row, UNIT_NAME, UNIT_VENDOR - UNIT_NAME, PANEL_GREY, unit->name);
    panel_text(panel, row, UNIT_VENDOR, UNIT_BASE - UNIT_VENDOR, PANEL_GREY, unit->vendor);
    format_line(text, sizeof(text), "0x%llx", (unsigned long long)unit->registers_pa);
    panel_text(panel, row, UNIT_BASE, UNIT_TRANSLATES - UNIT_BASE, PANEL_GREY, text);
    yes_or_no(panel, row, UNIT_TRANSLATES, unit->translating);
    yes_or_no(panel, row, UNIT_REMAPS, unit->remapping);
    format_line(text, sizeof(text), "%llu", (unsigned long long)unit->faults);
    panel_text(panel, row, UNIT_FAULTS, panel->columns - UNIT_FAULTS, PANEL_GREY, text);
}

/* An eighth of the rows is theirs. */
static unsigned draw_units(const struct dashboard *d, struct panel *panel, unsigned row)
{
    size_t room = panel->rows / 8, count = d->unit_count;
    char text[32];

    if (count == 0) {
        labelled(panel, row, "IOMMU", "");
        panel_text(panel, row++, LABEL_COLUMNS, panel->columns - LABEL_COLUMNS, PANEL_RED,
                   d->no_unit);
        return row + gap(panel);
    }
    panel_text(panel, row, UNIT_NAME, 8, PANEL_DIM, "Unit");
    panel_text(panel, row, UNIT_VENDOR, 8, PANEL_DIM, "vendor");
    panel_text(panel, row, UNIT_BASE, 12, PANEL_DIM, "registers");
    panel_text(panel, row, UNIT_TRANSLATES, 12, PANEL_DIM, "translating");
    panel_text(panel, row, UNIT_REMAPS, 10, PANEL_DIM, "remapping");
    panel_text(panel, row++, UNIT_FAULTS, 8, PANEL_DIM, "faults");
    if (room > DASHBOARD_UNITS)
        room = DASHBOARD_UNITS;
    for (size_t i = 0; i < count && i < (count > room ? room - 1 : room); i++)
        draw_unit(&d->units[i], panel, row++);
    if (count > room) {
        format_line(text, sizeof(text), "and %zu more", count - (room - 1));
        panel_text(panel, row++, UNIT_NAME, panel->columns, PANEL_DIM, text);
    }
    return row + gap(panel);
}

/* ---- progress ---- */

static void draw_bar(const struct dashboard *d, struct panel *panel, unsigned row)
{
    unsigned total = d->total == 0 ? 1 : d->total, done = d->done > total ? total : d->done;
    unsigned elapsed = (unsigned)(d->run_us / SECOND_US);
    unsigned width, len;
    char text[64];

    len = (unsigned)format_line(text, sizeof(text), " %3u%%  %u of %u  %u:%02u", done * 100 / total,
                                d->done, d->total, elapsed / 60, elapsed % 60);
    labelled(panel, row, "Run", "");
    width = panel->columns - LABEL_COLUMNS - len - 1;
    for (unsigned i = 0; i < width; i++)
        panel_text(panel, row, LABEL_COLUMNS + i, 1, PANEL_DIM, ".");
    panel_fill(panel, row, LABEL_COLUMNS, width * done / total, PANEL_WHITE,
               d->failed > 0 ? PANEL_DARK_RED : PANEL_DARK_GREEN);
    panel_text(panel, row, LABEL_COLUMNS + width, len, PANEL_GREY, text);
}

static unsigned count_of(struct panel *panel, unsigned row, unsigned column, unsigned count,
                         const char *what, enum panel_colour ink)
{
    char text[32];

    format_line(text, sizeof(text), "%u %s", count, what);
    return panel_text(panel, row, column, 24, count > 0 ? ink : PANEL_DIM, text) + 3;
}

static unsigned draw_progress(const struct dashboard *d, struct panel *panel, unsigned row)
{
    unsigned column = LABEL_COLUMNS;
    char line[LINE_BYTES];

    draw_bar(d, panel, row++);
    if (!d->over && d->scenario[0] != '\0')
        format_line(line, sizeof(line), "%s  %u.%u s", d->scenario,
                    (unsigned)(d->scenario_us / SECOND_US),
                    (unsigned)(d->scenario_us % SECOND_US / (SECOND_US / 10)));
    else
        format_line(line, sizeof(line), d->over ? "done" : "-");
    labelled(panel, row++, "Now", line);
    labelled(panel, row, "Results", "");
    column = count_of(panel, row, column, d->passed, "passed", PANEL_GREEN);
    column = count_of(panel, row, column, d->failed, "failed", PANEL_RED);
    (void)count_of(panel, row++, column, d->skipped, "skipped", PANEL_YELLOW);
    return row + gap(panel);
}

/* ---- the end ---- */

static void add_picture(struct panel *panel, struct panel_picture picture)
{
    if (panel->picture_count < PANEL_PICTURES && panel_dot(panel, &picture) > 0)
        panel->pictures[panel->picture_count++] = picture;
}

static struct panel_picture qr_picture(const struct qr *qr, unsigned column, unsigned row,
                                       unsigned columns, unsigned rows)
{
    return (struct panel_picture){ .column = column,
                                   .row = row,
                                   .columns = columns,
                                   .rows = rows,
                                   .bits = qr->dark[0],
                                   .stride = QR_ROW_BYTES,
                                   .width = qr->size,
                                   .height = qr->size,
                                   .margin = QR_QUIET,
                                   .ink = PANEL_BLACK,
                                   .paper = PANEL_WHITE };
}

/*
 * A square from that row to the one above the keys, at the right edge; returns the columns left of
 * it.
 */
static unsigned draw_qr_beside(const struct dashboard *d, struct panel *panel, unsigned row)
{
    unsigned rows = panel->rows - 1 - row, columns = rows * panel->cell_height / panel->cell_width;
    struct panel_picture picture;

    if (columns > panel->columns / 2) {
        columns = panel->columns / 2;
        rows = columns * panel->cell_width / panel->cell_height;
    }
    if (d->qr == NULL)
        return panel->columns;
    picture = qr_picture(d->qr, panel->columns - columns, row, columns, rows);
    if (panel_dot(panel, &picture) < MODULE_PIXELS)
        return panel->columns;
    add_picture(panel, picture);
    return panel->columns - columns - 1;
}

/* A band of rows; the word stands there as text too, for where no dot fits. */
static unsigned draw_big(struct big_text *big, const char *text, struct panel *panel, unsigned row,
                         unsigned rows, unsigned columns, enum panel_colour paper)
{
    big_text_make(big, text);
    for (unsigned i = 0; i < rows; i++)
        panel_fill(panel, row + i, 0, columns, PANEL_WHITE, paper);
    panel_text(panel, row + rows / 2, 1, columns - 1, PANEL_WHITE, text);
    add_picture(panel, (struct panel_picture){ .column = 0,
                                               .row = row,
                                               .columns = columns,
                                               .rows = rows,
                                               .bits = big->bits[0],
                                               .stride = BIG_TEXT_STRIDE,
                                               .width = big->width,
                                               .height = BIG_TEXT_HEIGHT,
                                               .margin = 1,
                                               .ink = PANEL_WHITE,
                                               .paper = paper });
    return row + rows;
}

/* Cut at blanks where there are any; returns the row behind. */
static unsigned draw_wrapped(struct panel *panel, unsigned row, unsigned rows, unsigned columns,
                             const char *text)
{
    while (*text != '\0' && rows-- > 0) {
        size_t len = text_len(text), cut = len;

        if (len > columns - 2) {
            cut = columns - 2;
            while (cut > 0 && text[cut] != ' ')
                cut--;
            if (cut == 0)
                cut = columns - 2;
        }
        panel_text(panel, row++, 1, (unsigned)cut, PANEL_GREY, text);
        text += cut;
        while (*text == ' ')
            text++;
    }
    return row;
}

static unsigned draw_failures(const struct dashboard *d, struct panel *panel, unsigned row,
                              unsigned end, unsigned columns)
{
    char line[LINE_BYTES];

    for (unsigned i = 0; i < d->failed && i < DASHBOARD_FAILED && row < end; i++) {
        if (row + 1 == end && i + 1 < d->failed)
            format_line(line, sizeof(line), "and %u more", d->failed - i);
        else
            format_line(line, sizeof(line), "failed: %s", d->failures[i]);
        panel_text(panel, row++, 1, columns - 1, PANEL_RED, line);
    }
    return row;
}

static unsigned draw_protection(struct dashboard *d, struct panel *panel, unsigned row,
                                unsigned rows, unsigned columns)
{
    if (text_equal(d->verdict, "protected"))
        return draw_big(&d->protection, "PROTECTED", panel, row, rows, columns,
                        d->good ? PANEL_DARK_GREEN : PANEL_BLUE);
    if (text_equal(d->verdict, "partial"))
        return draw_big(&d->protection, "PARTIAL", panel, row, rows, columns, PANEL_DARK_YELLOW);
    return draw_big(&d->protection, "NOT PROTECTED", panel, row, rows, columns, PANEL_DARK_RED);
}

/* Green is a good run on a machine that is protected: one of them alone is blue. */
static unsigned draw_end(struct dashboard *d, struct panel *panel, unsigned row)
{
    unsigned free_rows = panel->rows - 1 - row, columns = draw_qr_beside(d, panel, row);
    unsigned end = panel->rows - 1 - WINDOW_ROWS_LEAST - 1;

    row = draw_big(&d->result, d->good ? "PASS" : "FAIL", panel, row, free_rows / 4, columns,
                   !d->good                              ? PANEL_DARK_RED
                   : text_equal(d->verdict, "protected") ? PANEL_DARK_GREEN
                                                         : PANEL_BLUE);
    row = draw_protection(d, panel, row, free_rows / 6, columns);
    row = draw_wrapped(panel, row, row + REASON_ROWS < end ? REASON_ROWS : end - row, columns,
                       d->reason);
    return draw_failures(d, panel, row, end, columns);
}

static const char *keys_of(const struct dashboard *d)
{
    if (!d->over)
        return "keys do nothing until the run is over";
    if (!d->keys)
        return "";
    return d->qr == NULL ? "s shell   r reboot   p power off"
                         : "s shell   r reboot   p power off   q QR code";
}

void dashboard_draw(struct dashboard *dashboard, struct panel *panel)
{
    unsigned row = 0;

    panel->picture_count = 0;
    for (unsigned i = 0; i < panel->rows; i++)
        panel_fill(panel, i, 0, panel->columns, PANEL_GREY, PANEL_BLACK);
    row = draw_machine(dashboard, panel, row);
    row = draw_units(dashboard, panel, row);
    row = draw_progress(dashboard, panel, row);
    if (dashboard->over)
        row = draw_end(dashboard, panel, row);
    bar(panel, row, "Output", "");
    panel->window_row = row + 1;
    panel->window_rows = panel->rows - 1 - panel->window_row;
    bar(panel, panel->rows - 1, keys_of(dashboard), "");
}

void dashboard_draw_qr(const struct qr *qr, struct panel *panel, const char *hint)
{
    panel->picture_count = panel->window_rows = 0;
    bar(panel, panel->rows - 1, hint, "");
    add_picture(panel, qr_picture(qr, 0, 0, panel->columns, panel->rows - 1));
    panel->pictures_changed = true;
}
