/* extractors.h: the pages of the extractor: its sources, one with its runs, one run. */
#ifndef WEB_EXTRACTORS_H
#define WEB_EXTRACTORS_H

struct exchange;

/* Handlers. */
void extractors_page(struct exchange *exchange);
void extractors_source_page(struct exchange *exchange);
void extractors_run_page(struct exchange *exchange);

#endif
