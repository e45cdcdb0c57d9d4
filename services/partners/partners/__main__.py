"""`python -m partners api | worker | all`."""

from chassis.starting import begin

if __name__ == "__main__":
    begin()
    from chassis.run import main
    from partners.app import service
    from partners.settings import PartnersSettings

    main(service, PartnersSettings)
