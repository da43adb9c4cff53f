/* audit.h: the trail of who did what: a part of the statements that do it, so that nothing is done
 * without it. */
#ifndef WEB_AUDIT_H
#define WEB_AUDIT_H

/* Followed by values or a select of: action, is_refusal, actor, address, subject, detail. */
#define AUDIT_INSERT \
	"insert into audit_trail (action, is_refusal, actor, address, subject, detail) "

/* A statement of a with: keeps the latest 10000 of what is (or is not) a refusal. */
#define AUDIT_PRUNE(is_refusal) \
	"delete from audit_trail where is_refusal = " is_refusal " and audit_id <= (select audit_id" \
	" from audit_trail where is_refusal = " is_refusal \
	" order by audit_id desc offset 10000 limit 1)"

#endif
