/* choices.h: GET /choices/PARAMETER: a list of the form, counted for the filters in force.
 * GET /api/v1/PLURAL: the same for programs, and all of it, by pages.
 *
 * It takes the search's own parameters, and "find": what was typed to find an entry. Asked
 * by htmx it is a fragment of the form; else a page whose own form leads back to the search
 * ("done" says so). */
#ifndef WEB_CHOICES_H
#define WEB_CHOICES_H

#include "daemons/web/exchange.h"

void choices_page(struct exchange *exchange);
void choices_api(struct exchange *exchange);

#endif
