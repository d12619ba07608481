/* SPDX-License-Identifier: BSD-2-Clause */
/* run= globs. */
#include "test.h"

#include "glob.h"

static bool match(const char *glob, const char *text)
{
    return glob_match(glob, strlen(glob), text, strlen(text));
}

TEST(star_crosses_slashes_and_may_be_empty)
{
    CHECK(match("*", ""));
    CHECK(match("*", "dma/write"));
    CHECK(match("dma*write", "dma/a/write"));
    CHECK(match("dma/write*", "dma/write"));
    CHECK(!match("dma/*x", "dma/write"));
}

TEST(text_must_match_to_its_end)
{
    CHECK(match("dma/write", "dma/write"));
    CHECK(!match("dma", "dma/write"));
    CHECK(!match("dma/write", "dma"));
    CHECK(!match("", "dma"));
    CHECK(match("", ""));
}

TEST(star_tries_every_place)
{
    CHECK(match("*ab", "aab"));
    CHECK(match("*a*b*c", "xaxxabxbc"));
    CHECK(!match("*a*b*c", "xaxxcxb"));
    CHECK(match("?m?/*", "dma/"));
    CHECK(!match("?", ""));
}

TEST(many_stars_end_in_bounded_time)
{
    char text[2001], glob[] = "a*a*a*a*a*a*a*a*a*a*a*b";

    memset(text, 'a', 2000);
    text[2000] = '\0';
    CHECK(!match(glob, text));
}

TEST(no_list_names_everything)
{
    CHECK(glob_list_match(NULL, "dma/write"));
    CHECK(glob_list_match("", "dma/write"));
    CHECK(!glob_list_match("none", "dma/write"));
}

TEST(exerciser_is_compared_only_with_a_colon_in_the_glob)
{
    const char *name = "dma/write:edu@0000:00:04.0";

    CHECK(glob_list_match("dma/write", name));
    CHECK(glob_list_match("*write", name));
    CHECK(!glob_list_match("*04.0", name));
    CHECK(glob_list_match("*:*04.0", name));
    CHECK(glob_list_match("dma/*:edu*", name));
    CHECK(!glob_list_match("dma/*:nvme*", name));
}

TEST(any_of_a_list_names)
{
    CHECK(glob_list_match("x,dma/*,y", "dma/write"));
    CHECK(!glob_list_match("x,y", "dma/write"));
    CHECK(glob_list_match(",dma/*,", "dma/write"));
}

TEST(exclusions_apply_last)
{
    CHECK(!glob_list_match("-dma/write,dma/*", "dma/write"));
    CHECK(!glob_list_match("dma/*,-dma/write", "dma/write"));
    CHECK(glob_list_match("dma/*,-dma/write", "dma/read"));
    CHECK(!glob_list_match("*,-*:nvme*", "dma/read:nvme@0000:00:05.0"));
    CHECK(glob_list_match("*,-*:nvme*", "dma/read:edu@0000:00:05.0"));
}

TEST(only_exclusions_start_from_everything)
{
    CHECK(glob_list_match("-dma/*", "fault/storm"));
    CHECK(!glob_list_match("-dma/*", "dma/read"));
}

TEST(texts_are_compared_whole)
{
    CHECK(text_is("amd", "amd"));
    CHECK(text_is("", ""));
    CHECK(!text_is("amd", "amdvi"));
    CHECK(!text_is("amdvi", "amd"));
    CHECK(!text_is("amd", "and"));
}
