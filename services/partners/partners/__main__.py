"""`python -m partners api | worker | all`."""

if __name__ == "__main__":
    import chassis.starting  # noqa: F401 first of all
    from chassis.run import main
    from partners.app import service
    from partners.settings import PartnersSettings

    main(service, PartnersSettings)
