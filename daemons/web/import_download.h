/* import_download.h: an imported file and its errors, to be saved: GET
 * /admin/imports/files/{id}/file and .../errors, and /api/v1/imports/files/{id}/file and .../errors.
 * The file is sent as it is read, at most IMPORT_DOWNLOADS_MOST at once. */
#ifndef WEB_IMPORT_DOWNLOAD_H
#define WEB_IMPORT_DOWNLOAD_H

struct exchange;

enum { IMPORT_DOWNLOADS_MOST = 8, IMPORT_DOWNLOAD_PIECE_BYTES = 65536 };

/* Handlers. */
void import_download_file(struct exchange *exchange);
void import_download_errors(struct exchange *exchange);

#endif
