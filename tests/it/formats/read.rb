# What a Gemfile.lock says, by Bundler itself: ruby read.rb gemfile-lock FILE. Answers as read.py does; checksums are read since
# Bundler 2.5 only, so there are none.
ENV["BUNDLE_GEMFILE"] = ARGV[1] # somewhere must be a Gemfile
require "bundler"
require "json"

found = Hash.new { |all, name| all[name] = [] }
Bundler::LockfileParser.new(File.read(ARGV[1])).specs.each do |spec|
  revision = spec.source.is_a?(Bundler::Source::Git) ? spec.source.options["revision"] : nil
  found[spec.name] << [spec.version.to_s, revision, nil]
end
puts JSON.generate(found)
