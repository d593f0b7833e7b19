/* What a process costs at least, when it is linked statically. */
int
main(void)
{
	return 0;
}
