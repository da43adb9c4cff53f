/* doctor_tls.c: the certificate and key of HTTPS, read as hsd-web reads them.
 *
 * What the daemons' user sees, in a process of its own, comes back in memory that both share. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "common/tls.h"
#include "ctl/doctor.h"

struct finding {
	const struct hs_settings *settings;
	bool is_read;
	struct hs_error err;
	enum hs_tls_term term;
	char name[HS_TLS_NAME_BYTES], date[HS_TLS_TIME_BYTES];
};

static int read_both(const void *arg)
{
	struct finding *finding = *(struct finding *const *)arg;
	struct hs_tls *tls = NULL;

	if (!hs_tls_new(finding->settings, &tls, &finding->err))
		return 0;
	finding->is_read = true;
	if (tls != NULL)
		finding->term = hs_tls_judge(tls, finding->name, finding->date);
	hs_tls_free(tls);
	return 0;
}

static void say_term(struct doctor *doctor, const struct finding *finding)
{
	static const char renew[] = "renew it, and reload the web server (hsctl reload web)";

	switch (finding->term) {
	case HS_TLS_OVER:
		doctor_say(doctor, DOCTOR_FAILED, "HTTPS", renew, "the certificate of %s ended at %s: "
		    "browsers refuse it", finding->name, finding->date);
		break;
	case HS_TLS_NOT_YET:
		doctor_say(doctor, DOCTOR_FAILED, "HTTPS", "see whether the clock is right",
		    "the certificate of %s begins at %s only: browsers refuse it", finding->name,
		    finding->date);
		break;
	case HS_TLS_SOON:
		doctor_say(doctor, DOCTOR_WARNING, "HTTPS", renew, "the certificate of %s ends soon, "
		    "at %s", finding->name, finding->date);
		break;
	case HS_TLS_GOOD:
		doctor_say(doctor, DOCTOR_OK, "HTTPS", NULL, "the certificate of %s holds until %s",
		    finding->name, finding->date);
		break;
	}
}

void doctor_tls(struct doctor *doctor)
{
	struct finding *finding;
	int why;

	if (hs_setting_text(doctor->settings, HS_SET_TLS_CERTIFICATE)[0] == '\0')
		return;
	finding = mmap(NULL, sizeof *finding, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
	    0);
	if (finding == MAP_FAILED) {
		doctor_say(doctor, DOCTOR_WARNING, "HTTPS", NULL, "it was not looked at: %s",
		    strerror(errno));
		return;
	}
	finding->settings = doctor->settings;
	why = doctor_as_user(doctor, read_both, &finding);
	if (why != 0)
		doctor_say(doctor, DOCTOR_WARNING, "HTTPS", NULL, "it was not looked at: %s",
		    strerror(why));
	else if (finding->is_read)
		say_term(doctor, finding);
	else
		doctor_say(doctor, DOCTOR_FAILED, "HTTPS", "correct HOOPSCOUT_TLS_CERTIFICATE and "
		    "HOOPSCOUT_TLS_KEY, or the files that they name", "%s", finding->err.message);
	munmap(finding, sizeof *finding);
}
