# make docs: the tables in the documents, made from the tables in src/base (templates/tables.c)
# and from what the tests saw (tests/places).

DOCS := README.md src/sshinit.1 templates/sshinit.ini

.PHONY: docs
docs: $(B)/gen/tables
	@for file in $(DOCS); do \
	    $< $$file >$(B)/gen/doc.part && tests/places $(B)/gen/doc.part >$(B)/gen/doc || exit; \
	    cmp -s $(B)/gen/doc $$file || { echo "write   $$file"; cat $(B)/gen/doc >$$file; }; done

# Runs on this machine, whatever the product is built for.
$(B)/gen/tables: templates/tables.c src/base/settings.def src/base/codes.def
	@mkdir -p $(@D)
	@$(DEPS_GCC) -std=c17 -D_GNU_SOURCE -Wall -Wextra -Werror -Isrc -o $@ $<
