/* walk.c: a number among the joins, then a place in the paging. Fetches nothing. */
#include "daemons/extractor/walk.h"

#include <stdlib.h>

#include "daemons/extractor/paging.h"

struct walk {
	const struct mapping *mapping;
	size_t join;			/* the one that is read; as many as there are: none */
	struct paging paging;
	bool is_over;
	bool is_one;
	uint64_t pages;
};

static size_t join_count(const struct walk *walk)
{
	return walk->mapping != NULL ? walk->mapping->join_count : 0;
}

/* The next join from n on that is a feed of its own. */
static size_t join_from(const struct walk *walk, size_t n)
{
	while (n < join_count(walk) && walk->mapping->joins[n].url == NULL)
		n++;
	return n;
}

static bool is_joining(const struct walk *walk)
{
	return walk->join < join_count(walk);
}

bool walk_new(const struct mapping *mapping, const char *url, struct walk **ret,
    struct hs_error *err)
{
	struct walk *walk = calloc(1, sizeof *walk);

	if (walk == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a run");
	walk->mapping = mapping;
	walk->join = join_from(walk, 0);
	walk->is_one = !is_joining(walk) && (mapping == NULL ||
	    (mapping->paging.kind == PAGING_NONE && (url != NULL || mapping->url_count == 1)));
	if (!paging_start(mapping, url, &walk->paging, err)) {
		free(walk);
		return false;
	}
	*ret = walk;
	return true;
}

void walk_free(struct walk *walk)
{
	if (walk == NULL)
		return;
	paging_done(&walk->paging);
	free(walk);
}

void walk_step(const struct walk *walk, struct walk_step *ret)
{
	*ret = (struct walk_step){ .kind = WALK_END };
	if (is_joining(walk))
		*ret = (struct walk_step){ WALK_JOIN, walk->join,
			walk->mapping->joins[walk->join].url };
	else if (!walk->is_over)
		*ret = (struct walk_step){ WALK_PAGE, walk->paging.number, walk->paging.url };
}

void walk_joined(struct walk *walk)
{
	walk->join = join_from(walk, walk->join + 1);
}

bool walk_paged(struct walk *walk, const struct pipeline_page *page, const char *link,
    const char *found_at, struct hs_error *err)
{
	walk->pages++;
	return paging_next(&walk->paging, page, link, found_at, &walk->is_over, err);
}

bool walk_is_one(const struct walk *walk)
{
	return walk->is_one;
}

uint64_t walk_pages(const struct walk *walk)
{
	return walk->pages;
}
